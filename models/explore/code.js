// The code that the whole page shows. Whoever moves it calls moveTo; whoever shows it is told once a frame.
const Z = data.latent;
const rowsOf = (at, count) => {
  const all = new Float32Array(bytes, at, count * Z);
  return Array.from({length: count}, (_, i) => all.subarray(i * Z, (i + 1) * Z));
};
const points = rowsOf(data.codes, data.points);  // codes of training images
const draws = rowsOf(data.draws, 500);           // codes drawn from p(z)
const labelOf = (point) => data.labels.length ? data.labels[point] : null;
const classes = Array.from({length: data.labels.length ? Math.max(...data.labels) + 1 : 0},
                           (_, label) => data.classes[label] || String(label));
const palette = ['#e6553d', '#3b82c4', '#3fa34d', '#9b59b6', '#dd9a1a', '#18a5a5', '#d65db1', '#8c6d46', '#7a8794', '#a5ad1e'];
const colourOf = (label) => label === null ? '#3b82c4'
  : classes.length <= palette.length ? palette[label] : `hsl(${label * 137.5 % 360} 60% 52%)`;

const state = {code: Float32Array.from(points[0]), label: labelOf(0) || 0, only: null, image: null, milliseconds: 0};
const showers = [];  // functions of the state, called in the frame after a change
let due = false;
const changed = () => {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    showers.forEach((shower) => shower(state));
  });
};
const moveTo = (code, label = state.label) => {
  state.code = Float32Array.from(code);
  state.label = label;
  changed();
};

// ----- images on canvases -----
// What the model sees, as bytes; numbers that were scaled to deviation 1 are shown with 0 as grey, as pictures are.
const shade = (v) => Math.floor(255 * Math.min(Math.max(data.scaled ? 0.5 + v / 4 : v, 0), 1) + 0.5);
const levelsOf = (image) => Uint8ClampedArray.from(image, shade);
// Levels (channels, height, width) onto a canvas of that many pixels.
const paint = (canvas, levels) => {
  const area = data.height * data.width, picture = new ImageData(data.width, data.height);
  for (let i = 0; i < area; ++i)
    for (let c = 0; c < 4; ++c)
      picture.data[4 * i + c] = c === 3 ? 255 : levels[data.channels === 3 ? c * area + i : i];
  canvas.getContext('2d').putImageData(picture, 0, 0);
  return canvas;
};
const newCanvas = (attributes = {}) => make('canvas', {width: data.width, height: data.height, ...attributes});
// The picture of the i-th point that has one.
const pictureOf = (i) => new Uint8Array(bytes, data.pictures + i * pixels, pixels);

// ----- the picture, and how long it took -----
const picture = byId('picture');
picture.width = data.width;
picture.height = data.height;
const timings = [];
showers.push(() => {
  const begin = performance.now();
  paint(picture, levelsOf(decode(state.code, state.label)));
  timings.push(performance.now() - begin);
  if (timings.length > 30) timings.shift();
  state.milliseconds = [...timings].sort((a, b) => a - b)[timings.length >> 1];
  byId('time').textContent = state.milliseconds.toFixed(1) + ' ms a picture';
});
