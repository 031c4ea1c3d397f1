// Draws each graph of a file like cases.json with LangGraph.js and writes it to a folder: draw.mjs CASES FOLDER.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Annotation, StateGraph } from "@langchain/langgraph";

const [cases, folder] = process.argv.slice(2);
for (const c of JSON.parse(readFileSync(cases, "utf8"))) {
  if (c.drawn || ["unreachable", "join_that_never_fires"].includes(c.name)) continue; // it has no such graphs
  const graph = new StateGraph(Annotation.Root({ x: Annotation() }));
  for (const n of c.nodes) graph.addNode(n.name, (s) => s, { metadata: n.metadata, defer: n.defer });
  for (const [source, target] of c.edges) graph.addEdge(source, target);
  for (const b of c.branches) graph.addConditionalEdges(b.source, () => "", Object.fromEntries(b.paths));
  const compiled = graph.compile({ interruptBefore: c.before, interruptAfter: c.after });
  const drawn = await compiled.getGraphAsync();
  const text = drawn.drawMermaid({ withStyles: !c.without_styles, curveStyle: c.curve });
  writeFileSync(join(folder, c.name + ".mmd"), text);
}
