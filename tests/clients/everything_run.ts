import { ApiError, Client, ValidationFailed } from "./client.js";

declare const process: { argv: string[] };

const url = process.argv[2]!;
const client = new Client(url, {
  token: async () => "secret",
  basic: ["ann", "password"],
  shopKey: "key",
  timeout: 20000,
});

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of stream) found.push(one);
  return found;
}

async function caught(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

const parcel = {
  id: "12345678-1234-5678-1234-567812345678",
  made: "2026-01-02T03:04:05Z",
  day: "2026-01-02",
};
const conflict = (await caught(client.send({ body: { ...parcel, price: 0 } }))) as ApiError;
const invalid = await caught(client.send({ body: { ...parcel, price: "much" } }));
const unauthorized = (await caught(new Client(url).byBearer())) as ApiError;
const decoder = new TextDecoder();

let left = 0;
for await (const event of client.events({ count: 1000 })) {
  left += event.data.name.startsWith("tree 0") ? 1 : 0;
  break;
}
const stopping = new AbortController();
stopping.abort();
const stopped = await caught(client.text({ signal: stopping.signal }));
let elsewhere = "";
try {
  await client.values({ number: 1, words: "..", day: "2026-03-04" });
} catch (error) {
  elsewhere = (error as Error).name;
}

const said = {
  values: await client.values({
    number: 7,
    words: "a b ü?",
    day: "2026-03-04",
    colours: ["red", "dark-blue"],
    big: true,
    size: 2,
    "x-token": "t",
    "x-many": [1],
    flavour: "mint",
    from: "here",
  }),
  tree: (await client.plant({ body: { name: "a", children: [{ name: "c" }] } })).children![0]!.name,
  pet: await client.adopt({ loud: true, body: { kind: "dog", class: "poodle" } }),
  form: await client.form({ body: { name: "a & b", tags: ["x", "y"] } }),
  upload: await client.upload({
    body: { files: [new File(["one"], "1.txt", { type: "text/plain" })], title: "t" },
  }),
  who: [await client.byBearer(), await client.byBasic(), await client.byKey()],
  trees: (await all(client.trees())).map((tree) => tree.name),
  events: (await all(client.events({ count: 2 }))).map((event) => event.data.name),
  plain: await all(client.plainEvents()),
  file: (await all(client.file({ size: 2 }))).map((one) => decoder.decode(one)).join(""),
  text: await client.text(),
  gone: await client.gone().then(() => null),
  raw: Array.from(await client.raw()),
  conflict: [conflict.name, conflict.status, conflict.body],
  invalid: [
    invalid.name,
    ((invalid as ValidationFailed).details[0]!["loc"] as string[]).slice(0, 2),
  ],
  unauthorized: [unauthorized.name, unauthorized.status],
  left,
  stopped: stopped.name,
  elsewhere,
};
console.log(JSON.stringify(said));
