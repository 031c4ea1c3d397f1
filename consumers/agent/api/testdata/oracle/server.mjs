// Serves graph.mjs of its folder on a free port of 127.0.0.1 and prints the address.
import { startServer } from "@langchain/langgraph-api/server";

const cwd = process.argv[2];
const server = await startServer({ port: 0, host: "127.0.0.1", nWorkers: 4, cwd, graphs: { agent: "./graph.mjs:graph" } });
console.log("listening on " + server.host);
process.stdin.on("end", async () => { await server.cleanup(); process.exit(0); }).resume();
