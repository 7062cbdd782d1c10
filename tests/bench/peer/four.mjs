// The plan's four JPEGs by sharp: `node four.mjs in-a-row|all-at-once REPEATS OUT FILE…`. A line of JSON for each file.
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import sharp from "sharp";

const [how, repeats, out, ...files] = process.argv.slice(2);
const jobs = (buffer) => [
  () => sharp(buffer).resize(2000, 2000, { fit: "inside", withoutEnlargement: true }).jpeg({ quality: 85, progressive: true }).toBuffer(),
  () => sharp(buffer).resize(400).jpeg({ quality: 80 }).toBuffer(),
  () => sharp(buffer).resize(800).jpeg({ quality: 85 }).toBuffer(),
  () => sharp(buffer).resize(1200).jpeg({ quality: 85 }).toBuffer(),
];
const names = [2000, 400, 800, 1200];

for (let round = 0; round < Number(repeats); round++) {
  for (const file of files) {
    const buffer = readFileSync(file);
    const began = performance.now(), cpu = process.cpuUsage();
    let made = [];
    if (how === "in-a-row") for (const job of jobs(buffer)) made.push(await job());
    else made = await Promise.all(jobs(buffer).map((job) => job()));
    const wall = performance.now() - began, used = process.cpuUsage(cpu);
    console.log(JSON.stringify({ file, wall_ms: wall, cpu_ms: (used.user + used.system) / 1000, bytes: made.map((one) => one.length) }));
    if (out !== "-") made.forEach((one, at) => writeFileSync(`${out}/${basename(file)}.${names[at]}.jpg`, one));
  }
}
const peak = /VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]; // maxRSS would begin with whoever started us
console.log(JSON.stringify({ peak_kb: Number(peak) }));
