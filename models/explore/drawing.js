// An image drawn by hand: its code, found by the encoder, and what the decoder makes of that.
const pad = byId('pad'), drawing = new Float32Array(pixels);  // levels in [0, 1], as the pad shows them
byId('drawing').hidden = !runEncoder;
for (const canvas of [pad, byId('mirror')]) Object.assign(canvas, {width: data.width, height: data.height});
let pen = [data.width / 2, data.height / 2], down = false;
byId('ink').hidden = data.channels === 1;

const showPad = () => paint(pad, drawing.map((v) => 255 * v));
// A soft round dab, about as wide as the stroke of a digit.
const dab = ([x, y]) => {
  const radius = Math.max(data.height, data.width) / 28 * 1.25;
  const colour = data.channels === 1 ? [1] : [1, 3, 5].map((i) => parseInt(byId('ink').value.slice(i, i + 2), 16) / 255);
  for (let v = 0; v < data.height; ++v)
    for (let u = 0; u < data.width; ++u) {
      const covers = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(u + 0.5 - x, v + 0.5 - y)));
      colour.forEach((level, c) => {
        const i = (c * data.height + v) * data.width + u;
        drawing[i] = data.channels === 1 ? Math.max(drawing[i], covers) : drawing[i] + covers * (level - drawing[i]);
      });
    }
};
const stroke = (to) => {
  const [x, y] = pen, steps = Math.max(1, Math.ceil(2 * Math.hypot(to[0] - x, to[1] - y)));
  for (let s = 1; s <= steps; ++s) dab([x + (to[0] - x) * s / steps, y + (to[1] - y) * s / steps]);
  pen = to;
  showPad();
  encodeDrawing();
};
const encodeDrawing = () => {
  const seen = drawing.map((v) => data.scaled ? 4 * (v - 0.5) : data.bits ? Number(v > 0.5) : v);
  const code = encode(seen, state.label);
  paint(byId('mirror'), levelsOf(decode(code, state.label)));
  byId('drawn').textContent = 'Its code: ' + Array.from(code.slice(0, 6), (v) => v.toFixed(2)).join(', ') + (Z > 6 ? ', …' : '');
  moveTo(code);
};
const onPad = (event) => {
  const frame = pad.getBoundingClientRect();
  return [(event.clientX - frame.left) / frame.width * data.width, (event.clientY - frame.top) / frame.height * data.height];
};
pad.addEventListener('pointerdown', (event) => {
  pad.setPointerCapture(event.pointerId);
  down = true;
  pen = onPad(event);
  stroke(pen);
});
pad.addEventListener('pointermove', (event) => { if (down) stroke(onPad(event)); });
pad.addEventListener('pointerup', () => { down = false; });
// By keys: arrows move the pen, and the space bar sets it down or lifts it.
pad.addEventListener('keydown', (event) => {
  const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
  if (event.key === ' ') down = !down;
  else if (!step) return;
  event.preventDefault();
  const to = step ? [pen[0] + step[0], pen[1] + step[1]] : pen;
  if (to[0] < 0 || to[1] < 0 || to[0] > data.width || to[1] > data.height) return;
  if (down) stroke(to);
  pen = to;
});
pad.addEventListener('blur', () => { down = false; });
byId('wipe').addEventListener('click', () => {
  drawing.fill(0);
  showPad();
  encodeDrawing();
});
showPad();
