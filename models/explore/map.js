// The plane of codes: training images as points in the colours of their labels, the code as a ring that can be dragged.
// A plane is spanned by two axes, each a direction of unit length through the mean of the codes.
const mean = Float32Array.from({length: Z}, (_, k) => points.reduce((sum, z) => sum + z[k], 0) / points.length);
const dot = (a, b) => a.reduce((sum, v, k) => sum + v * b[k], 0);
const unit = (k) => Float32Array.from({length: Z}, (_, i) => i === k ? 1 : 0);

// The direction in which the codes vary most among those at right angles to `before`, by the power method.
const principal = (before) => {
  let axis = Float32Array.from({length: Z}, (_, k) => 1 + k % 7);
  for (let round = 0; round < 60; ++round) {
    const next = new Float64Array(Z);
    for (const z of points) {
      let along = 0;
      for (let k = 0; k < Z; ++k) along += (z[k] - mean[k]) * axis[k];
      for (let k = 0; k < Z; ++k) next[k] += along * (z[k] - mean[k]);
    }
    for (const other of before) {
      const along = dot(next, other);
      for (let k = 0; k < Z; ++k) next[k] -= along * other[k];
    }
    const size = Math.hypot(...next);
    if (!(size > 0)) return unit(Math.min(before.length, Z - 1));
    axis = Float32Array.from(next, (v) => v / size);
  }
  return axis;
};

const order = Array.from({length: Z}, (_, k) => k).sort((a, b) => data.weights[b] - data.weights[a]);
const axes = [];  // all that can be chosen: {name, axis}
if (Z > 2) {
  const first = principal([]);
  axes.push({name: 'first principal axis', axis: first}, {name: 'second principal axis', axis: principal([first])});
}
(Z > 2 ? order.slice(0, 64) : order.slice().sort()).forEach((k) => axes.push({name: `z${k + 1}`, axis: unit(k)}));

const map = byId('map'), under = make('canvas');  // the points, drawn once for each look of the map
let plane = [axes[0], axes[1] || null], box = null, ratio = 1;
const coordinate = (z, axis) => {
  let sum = 0;
  for (let k = 0; k < Z; ++k) sum += (z[k] - mean[k]) * axis[k];
  return sum;
};
// Where a code is in the plane; a model of one dimension has a line, on which points are set apart for the eye.
const placeOf = (z, i = 0) => [coordinate(z, plane[0].axis), plane[1] ? coordinate(z, plane[1].axis) : Math.sin(i * 12.9898)];
let places = [];
const toScreen = ([x, y]) => [(x - box.x) / box.width * map.width, (1 - (y - box.y) / box.height) * map.height];
const fromScreen = ([u, v]) => [box.x + u / map.width * box.width, box.y + (1 - v / map.height) * box.height];

// Moves the code to a place in the plane; what it has beside the plane stays.
const moveInPlane = ([x, y]) => {
  const [u, w] = [plane[0].axis, plane[1] && plane[1].axis], here = placeOf(state.code);
  let a = x - here[0], b = w ? y - here[1] : 0;
  const shared = w ? dot(u, w) : 0, left = 1 - shared * shared;
  [a, b] = left > 1e-6 ? [(a - shared * b) / left, (b - shared * a) / left] : [a, 0];
  moveTo(state.code.map((v, k) => v + a * u[k] + (w ? b * w[k] : 0)));
};

const layOut = () => {
  places = points.map(placeOf);
  const side = (c) => {
    const all = places.map((p) => p[c]).sort((a, b) => a - b);
    const low = Math.min(all[0], -0.5), high = Math.max(all[all.length - 1], 0.5), more = (high - low) * 0.06;
    return [low - more, high - low + 2 * more];
  };
  const [x, width] = side(0), [y, height] = side(1);
  box = {x, y, width, height};
  drawPoints();
};
const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);
const drawPoints = () => {
  ratio = window.devicePixelRatio || 1;
  const side = Math.max(1, Math.round(map.clientWidth * ratio));
  map.width = map.height = under.width = under.height = side;
  const context = under.getContext('2d');
  context.fillStyle = ink('--soft');
  context.fillRect(0, 0, side, side);
  context.strokeStyle = ink('--line');
  const [x, y] = toScreen(placeOf(mean));
  context.strokeRect(x, -1, 0, side + 2);
  context.strokeRect(-1, y, side + 2, 0);
  places.forEach((place, i) => {
    const [u, v] = toScreen(place), label = labelOf(i), off = state.only !== null && label !== state.only;
    context.globalAlpha = off ? 0.08 : 0.75;
    context.fillStyle = colourOf(label);
    context.beginPath();
    context.arc(u, v, 2.6 * ratio, 0, 7);
    context.fill();
  });
  context.globalAlpha = 1;
  changed();
};
const ring = (context, [x, y], colour, size) => {
  for (const [width, stroke] of [[5, ink('--paper')], [2.4, colour]]) {
    context.lineWidth = width * ratio;
    context.strokeStyle = stroke;
    context.beginPath();
    context.arc(x, y, size * ratio, 0, 7);
    context.stroke();
  }
};
const marks = [];  // functions that draw on top: context -> nothing
showers.push(() => {
  const context = map.getContext('2d');
  context.drawImage(under, 0, 0);
  marks.forEach((mark) => mark(context));
  ring(context, toScreen(placeOf(state.code)), ink('--ink'), 9);
});

// ----- pointer and keys -----
const at = (event) => {
  const frame = map.getBoundingClientRect();
  return [(event.clientX - frame.left) * ratio, (event.clientY - frame.top) * ratio];
};
// The i-th of the points that have a picture, if one is under the pointer.
const pictureUnder = (screen) => {
  let best = -1, least = (8 * ratio) ** 2;
  data.pictured.forEach((point, i) => {
    if (state.only !== null && labelOf(point) !== state.only) return;
    const [u, v] = toScreen(places[point]), distance = (u - screen[0]) ** 2 + (v - screen[1]) ** 2;
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
};
const tip = paint(byId('tip').appendChild(newCanvas()), pictureOf(0));
let pressed = null;
map.addEventListener('pointerdown', (event) => {
  pressed = at(event);
  map.setPointerCapture(event.pointerId);
  moveInPlane(fromScreen(pressed));
});
map.addEventListener('pointermove', (event) => {
  const here = at(event), under = pressed ? -1 : pictureUnder(here);
  byId('tip').hidden = under < 0;
  if (under >= 0) {
    paint(tip, pictureOf(under));
    byId('tip').style.left = here[0] / ratio + 'px';
    byId('tip').style.top = here[1] / ratio + 'px';
  }
  if (pressed) moveInPlane(fromScreen(here));
});
map.addEventListener('pointerup', (event) => {
  const here = at(event), still = pressed && Math.hypot(here[0] - pressed[0], here[1] - pressed[1]) < 3 * ratio;
  pressed = null;
  const under = still ? pictureUnder(here) : -1;
  if (under >= 0) chooseImage(under);
});
map.addEventListener('pointerleave', () => { byId('tip').hidden = true; });
map.addEventListener('keydown', (event) => {
  const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key];
  if (!step) return;
  event.preventDefault();
  const [x, y] = placeOf(state.code), far = event.shiftKey ? 0.1 : 0.02;
  moveInPlane([x + step[0] * far * box.width, y + step[1] * far * box.height]);
});

// ----- which plane; the legend -----
['across', 'upwards'].forEach((id, which) => {
  axes.forEach(({name}, i) => byId(id).append(make('option', {value: i}, name)));
  byId(id).value = String(Math.min(which, axes.length - 1));
  byId(id).addEventListener('change', () => {
    plane[which] = axes[byId(id).value];
    layOut();
  });
});
byId('axes').hidden = Z < 3;
classes.forEach((name, label) => {
  const spot = make('span', {class: 'dot'});
  spot.style.background = colourOf(label);
  const button = make('button', {'aria-pressed': 'false', click: () => {
    state.only = state.only === label ? null : label;
    byId('legend').childNodes.forEach((other, l) => other.setAttribute('aria-pressed', String(l === state.only)));
    drawPoints();
    fillGallery();
  }}, spot, name);
  byId('legend').append(button);
});
