export { parseTree, getLocation, printParseErrorCode } from "jsonc-parser/lib/esm/main.js";
