// Writes the vendored files and prints their sha256 and compressed size for ../README.md.
import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = dirname(here);
const { dependencies } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));

const bundles = {
  "codemirror.entry.js": `codemirror-${dependencies["@codemirror/view"]}.js`,
  "jsonc-parser.entry.js": `jsonc-parser-${dependencies["jsonc-parser"]}.js`,
  "jsonrepair.entry.js": `jsonrepair-${dependencies.jsonrepair}.js`,
};

for (const [entry, file] of Object.entries(bundles)) {
  await build({
    entryPoints: [join(here, entry)],
    outfile: join(out, file),
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none",
    charset: "utf8",
    banner: { js: `/* Licences: LICENSES.txt beside this file. */` },
  });
}
const htmx = `htmx-${dependencies["htmx.org"]}.min.js`;
copyFileSync(join(here, "node_modules/htmx.org/dist/htmx.min.js"), join(out, htmx));

for (const file of [...Object.values(bundles), htmx]) {
  const bytes = readFileSync(join(out, file));
  const hash = createHash("sha256").update(bytes).digest("hex");
  console.log(`${file}  ${hash}  ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} gzip`);
}

// The licences ask that their notices travel with the code.
const notices = Object.keys(dependencies).sort().map((name) => {
  const folder = join(here, "node_modules", name);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.\w+)?$/i.test(entry));
  return `${name} ${dependencies[name]}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
});
writeFileSync(join(out, "LICENSES.txt"), notices.join(`\n${"-".repeat(78)}\n\n`));
