// The page of Explain: the numbers as JSON, and a program that shows them. Nothing is fetched, and nothing runs or is
// styled but what has the hash that the page itself names (a test computes them anew): data cannot become a program.
#include "autograd/explain.h"

namespace GRADUS {

// clang-format off: a style sheet and a program
static constexpr const char* kStyle = R"css(
:root { color-scheme: light dark; --ink: #1c1b19; --paper: #fbfaf7; --line: #c9c4b8; --mark: #b5442a; --soft: #e9e5da; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e4da; --paper: #1d1c1a; --line: #55514a; --mark: #f08a6c; --soft: #33302b; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
header { padding: 1rem 1.5rem .5rem; border-bottom: 1px solid var(--line); }
h1 { font-size: 1.25rem; margin: 0 0 .4rem; }
h2 { font-size: 1rem; margin: 1rem 0 .3rem; }
.controls { display: flex; flex-wrap: wrap; gap: .4rem 1.4rem; align-items: center; }
.controls input[type=range] { width: 16rem; vertical-align: middle; }
main { display: grid; grid-template-columns: minmax(0, max-content) minmax(28rem, 1fr); gap: 1rem; padding: 0 1.5rem 2rem; }
.list { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .12rem .55rem; white-space: nowrap; border-bottom: 1px solid var(--soft); }
th:first-child, td:first-child, th:nth-child(2), td:nth-child(2) { text-align: left; }
tbody tr { cursor: pointer; }
tbody tr:hover, tr.chosen { background: var(--soft); }
tr.off, .off { opacity: .25; }
tr.walked td:first-child { text-decoration: line-through; text-decoration-color: var(--mark); }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg rect { fill: var(--paper); stroke: var(--line); cursor: pointer; }
svg .watched rect { stroke-dasharray: 3 2; }
svg .chosen rect { stroke: var(--mark); stroke-width: 2; }
svg .walked rect { fill: var(--soft); }
svg path { fill: none; stroke: var(--line); stroke-width: 1.5; cursor: pointer; }
svg path.wide { stroke: transparent; stroke-width: 9; }
svg path.none { stroke-dasharray: 2 4; }
svg path.chosen { stroke: var(--mark); stroke-width: 2.5; }
.bars { fill: var(--mark); stroke: none; }
.detail { position: sticky; top: 0; background: var(--paper); border-bottom: 1px solid var(--line); padding: .6rem 0; min-height: 13rem; }
.pair { display: flex; gap: 1.5rem; flex-wrap: wrap; }
#graphs { display: flex; overflow-x: auto; gap: 1rem; }
.small { font-size: 13px; opacity: .8; }
pre { font-size: 12px; overflow-x: auto; }
@media (max-width: 60rem) { main { grid-template-columns: minmax(0, 1fr); } }
)css";
static constexpr const char* kStyleHash = "sha256-O7g4zSCjM3wD7mCWVft2HdSdbn0DYUkAyyhR41UHMhA=";

static constexpr const char* kScript = R"js(
'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const byId = (id) => document.getElementById(id);
const make = (name, attributes = {}, ...inside) => {
  const svg = ['svg', 'g', 'rect', 'text', 'path'].includes(name);
  const made = svg ? document.createElementNS('http://www.w3.org/2000/svg', name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes))
    if (key === 'click') made.addEventListener('click', value); else made.setAttribute(key, value);
  made.append(...inside);
  return made;
};
const kHead = ['op', 'shape', 'value', 'd loss', 'fwd µs', 'bwd µs', 'frees'];
const bytes = (n) => n < 1024 ? n + ' B' : n < 1048576 ? (n / 1024).toPrecision(3) + ' KiB'
                                                       : (n / 1048576).toPrecision(3) + ' MiB';

// The text form, from the cells alone.
const width = (s) => [...s].length;
const text = data.tapes.map((tape, t) => {
  const rows = [kHead, ...tape.nodes.map((node) => node.cells)];
  const widest = kHead.map((_, c) => Math.max(...rows.map((row) => width(row[c]))));
  const line = (row) => row.map((cell, c) => {
    const room = ' '.repeat(widest[c] - width(cell));
    return c < 2 ? cell + room : room + cell;
  }).join('  ').replace(/ +$/, '');
  const title = data.tapes.length > 1 ? (t ? '\n' : '') + 'tape ' + (t + 1) + '\n' : '';
  return title + [...rows.map(line), ...tape.footer].map((l) => l + '\n').join('');
}).join('');
byId('text').textContent = text;

// ----- what is shown of a node and of an edge -----
const histogram = (summary) => {
  const most = Math.max(1, ...summary.bins), svg = make('svg', {width: 244, height: 74});
  summary.bins.forEach((n, i) => {
    if (n) svg.append(make('rect', {class: 'bars', x: 2 + 10 * i, width: 9, y: 58 - 54 * n / most, height: 54 * n / most}));
  });
  svg.append(make('text', {x: 2, y: 71}, summary.low), make('text', {x: 242, y: 71, 'text-anchor': 'end'}, summary.high));
  return svg;
};
const block = (title, summary) => make('div', {}, make('div', {class: 'small'}, title + ', root mean square ' + summary.rms +
    (summary.not_finite ? ', ' + summary.not_finite + ' not finite' : '')), histogram(summary));
let chosen = null;
const choose = (parts, ...shown) => {
  if (chosen) chosen.forEach((part) => part.classList.remove('chosen'));
  chosen = parts;
  parts.forEach((part) => part.classList.add('chosen'));
  byId('detail').replaceChildren(...shown);
};
const line = (words) => make('div', {}, words);
const showNode = (view, n) => {
  const node = view.tape.nodes[n];
  choose([view.rows[n], view.boxes[n]], make('h2', {}, node.cells[0] + '  ' + node.cells[1]), line(node.formula),
    make('div', {class: 'pair'}, block('value', node.value), ...(node.gradient ? [block('d loss', node.gradient)] : [])),
    line(node.op ? 'forward ' + node.cells[4] + ' µs' + (node.live >= 0 ? ', back ' + node.cells[5] +
         ' µs; its VJPs alone keep ' + node.cells[6] : '; the way back did not come here') : ''));
};
const showEdge = (view, n, e) => {
  const edge = view.tape.nodes[n].edges[e];
  const to = edge.node < 0 ? edge.constant : view.tape.nodes[edge.node].cells[0];
  choose([view.lines[n][e]], make('h2', {}, 'from v' + n + ' back to ' + to),
    line(edge.differentiable ? 'VJP: ' + edge.vjp : 'no derivative passes here'),
    ...(edge.ran ? [line('its term has root mean square ' + edge.term),
                    line(edge.added ? 'and is added to what has already arrived' : 'and is the first to arrive')] : []));
};

// ----- a tape: the list and the graph, ops in the order of execution, what is watched at the rim -----
const views = data.tapes.map((tape, t) => {
  const view = {tape, rows: [], boxes: [], lines: [], constants: []};
  const table = make('table', {}, make('thead', {}, make('tr', {}, ...kHead.map((h) => make('th', {}, h)))));
  const body = make('tbody');
  tape.nodes.forEach((node, n) => {
    view.rows[n] = make('tr', {click: () => showNode(view, n)}, ...node.cells.map((c) => make('td', {}, c)));
    body.append(view.rows[n]);
  });
  table.append(body);
  const place = [], kStep = 38;
  let y = 20, rim = 0;
  tape.nodes.forEach((node, n) => { if (node.op) { place[n] = [120, y]; y += kStep; } });
  tape.nodes.forEach((node, n) => {
    if (node.op) return;
    const user = tape.nodes.findIndex((other) => other.edges.some((edge) => edge.node === n));
    rim = Math.max(rim + 26, user < 0 ? 0 : place[user][1] - 12);
    place[n] = [330, rim];
  });
  const svg = make('svg', {width: 550, height: Math.max(y, rim) + 40, role: 'img', 'aria-label': 'the graph of the step'});
  const edges = make('g');
  svg.append(edges);
  tape.nodes.forEach((node, n) => {
    view.lines[n] = [];
    node.edges.forEach((edge, e) => {
      const [x, top] = place[n], constant = edge.node < 0;
      const [fx, fy] = constant ? [30, top + 20] : place[edge.node];
      const watched = !constant && !tape.nodes[edge.node].op, near = !constant && !watched && top - fy <= kStep;
      const path = constant ? `M${x},${top + 12} H${x - 22}` : watched ? `M${fx},${fy + 12} C${fx - 30},${fy + 12} ${x + 190},${top + 12} ${x + 150},${top + 12}`
        : near ? `M${x + 60 + 14 * e},${top} V${fy + 24}`
        : `M${x},${top + 8 + 4 * e} C${x - 18 - (top - fy) / 12},${top} ${x - 18 - (top - fy) / 12},${fy + 24} ${x},${fy + 16}`;
      const shown = make('path', {d: path, class: edge.differentiable ? '' : 'none'});
      const wide = make('path', {d: path, class: 'wide', click: () => showEdge(view, n, e)});
      view.lines[n][e] = shown;
      edges.append(shown, wide);
      if (constant) {
        const name = make('text', {x: x - 26, y: top + 16 + 0 * e, 'text-anchor': 'end'}, node.edges.slice(0, e).some((o) => o.node < 0) ? '' : edge.constant.slice(0, 15));
        view.constants.push(shown, name);
        edges.append(name);
      }
    });
    const [x, top] = place[n];
    view.boxes[n] = make('g', {class: node.op ? '' : 'watched', click: () => showNode(view, n)},
      make('rect', {x, y: top, width: node.op ? 150 : 215, height: 24, rx: 4}),
      make('text', {x: x + 7, y: top + 16}, node.op ? 'v' + n + ' ' + node.op.slice(0, 20) : (node.name || 'v' + n).slice(0, 34)));
    svg.append(view.boxes[n]);
  });
  view.walk = tape.nodes.map((_, n) => n).filter((n) => tape.nodes[n].live >= 0).reverse();
  const title = data.tapes.length > 1 ? [make('h2', {}, 'tape ' + (t + 1))] : [];
  byId('lists').append(...title, table, ...tape.footer.map((f) => make('div', {class: 'small'}, f)));
  byId('graphs').append(make('div', {}, ...title.map((h) => h.cloneNode(true)), svg));
  return view;
});

// ----- the controls -----
const below = (tape, from) => {
  const on = tape.nodes.map((_, n) => n === from);
  for (let n = from; n >= 0; --n)
    if (on[n]) tape.nodes[n].edges.forEach((edge) => { if (edge.differentiable && edge.node >= 0) on[edge.node] = true; });
  return on;
};
const path = byId('path');
path.append(make('option', {value: -1}, 'the whole step'));
data.terms.forEach((term) => { if (term.node >= 0) path.append(make('option', {value: term.node}, 'the path of ' + term.name)); });
path.addEventListener('change', () => {
  const view = views[0], from = Number(path.value), on = from < 0 ? null : below(view.tape, from);
  view.tape.nodes.forEach((node, n) => {
    [view.rows[n], view.boxes[n]].forEach((part) => part.classList.toggle('off', on !== null && !on[n]));
    view.lines[n].forEach((part) => part.classList.toggle('off', on !== null && !on[n]));
  });
});
byId('constants').addEventListener('change', (event) => views.forEach((view) =>
  view.constants.forEach((part) => part.classList.toggle('off', !event.target.checked))));
const slider = byId('walk'), view = views[0];
const replay = () => {
  const done = Number(slider.value);
  if (!view) return;
  view.tape.nodes.forEach((_, n) => {
    const at = view.walk.indexOf(n), walked = at >= 0 && at < done;
    [view.rows[n], view.boxes[n]].forEach((part) => part.classList.toggle('walked', walked));
  });
  const live = done ? view.tape.nodes[view.walk[done - 1]].live : view.tape.live;
  byId('live').textContent = (done ? 'back to v' + view.walk[done - 1] : 'before the way back') + ': ' + bytes(live) + ' live';
};
if (view) slider.max = view.walk.length;
slider.addEventListener('input', replay);
replay();
if (view && view.tape.loss >= 0) showNode(view, view.tape.loss);
)js";
static constexpr const char* kScriptHash = "sha256-oAIrg4nvGdIvqW9fLNWBlUwvhp9UAWMxN/dmBJLnppc=";

static constexpr const char* kPage = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '{style_hash}'; script-src '{script_hash}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<div class="controls">
<label>Show <select id="path"></select></label>
<label><input type="checkbox" id="constants" checked> constants (data, noise)</label>
<label>The way back <input type="range" id="walk" min="0" value="0"></label> <span id="live"></span>
</div>
</header>
<main>
<div class="list" id="lists"></div>
<div><div class="detail" id="detail"></div><div id="graphs"></div></div>
</main>
<details><summary>as text</summary><pre id="text"></pre></details>
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
)html";
// clang-format on

// In the text of a page.
static std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text)
    out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : c == '"' ? "&quot;" : std::string{c};
  return out;
}

std::string Explain::page(const std::string& title) const {
  return fmt::format(fmt::runtime(kPage), fmt::arg("title", escaped(title)), fmt::arg("style", kStyle),
                     fmt::arg("style_hash", kStyleHash), fmt::arg("script", kScript),
                     fmt::arg("script_hash", kScriptHash), fmt::arg("data", json()));
}

}  // namespace GRADUS
