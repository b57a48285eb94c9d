export { jsonrepair, JSONRepairError } from "jsonrepair";
