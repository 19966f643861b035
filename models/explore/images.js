// Training images: one to start from, those nearest to the code, and the path from one code to another.
const told = (i) => labelOf(data.pictured[i]) === null ? `image ${i + 1}` : classes[labelOf(data.pictured[i])];
// A button that shows the i-th picture, or another when it is told so.
const thumbnail = (i) => {
  const canvas = newCanvas(), button = make('button', {class: 'thumbnail', click: () => chooseImage(button.image)}, canvas);
  button.show = (which) => {
    if (button.image === which) return;
    button.image = which;
    button.setAttribute('aria-label', told(which));
    button.title = told(which);
    paint(canvas, pictureOf(which));
  };
  button.show(i);
  return button;
};
const codeOf = (i) => points[data.pictured[i]];
const chooseImage = (i) => {
  state.image = i;
  moveTo(codeOf(i), labelOf(data.pictured[i]) ?? state.label);
};

// ----- the gallery, a page at a time -----
const kShown = 36;
let page = 0;
const fillGallery = () => {
  const those = data.pictured.map((_, i) => i).filter((i) => state.only === null || labelOf(data.pictured[i]) === state.only);
  const pages = Math.max(1, Math.ceil(those.length / kShown));
  page = (page % pages + pages) % pages;
  // Taken at even distances, so that images that lie sorted by label are mixed.
  byId('gallery').replaceChildren(...those.filter((_, i) => i % pages === page).map(thumbnail));
};
byId('more').addEventListener('click', () => { ++page; fillGallery(); });
fillGallery();

// ----- neighbours -----
const kNeighbours = 8;
const neighbours = Array.from({length: Math.min(kNeighbours, data.pictured.length)}, (_, i) => thumbnail(i));
byId('neighbours').append(...neighbours);
const distance = (a, b) => {
  let sum = 0;
  for (let k = 0; k < Z; ++k) sum += (a[k] - b[k]) ** 2;
  return sum;
};
showers.push(({code}) => {
  const nearest = data.pictured.map((point, i) => [distance(points[point], code), i]).sort((a, b) => a[0] - b[0]);
  neighbours.forEach((button, n) => button.show(nearest[n][1]));
});

// ----- the path between two codes -----
const ends = {from: null, to: null};
const between = Array.from({length: 9}, () => newCanvas());
byId('between').append(...between);
// t of the way from one end to the other: a code and its label, which changes half-way.
const onPath = (t) => [ends.from.code.map((v, k) => (1 - t) * v + t * ends.to.code[k]),
                       t < 0.5 ? ends.from.label : ends.to.label];
const setEnd = (end, code, label) => {
  ends[end] = {code: Float32Array.from(code), label};
  paint(byId(end), levelsOf(decode(code, label)));
  if (ends.from && ends.to)
    between.forEach((canvas, i) => paint(canvas, levelsOf(decode(...onPath((i + 1) / (between.length + 1))))));
};
['from', 'to'].forEach((end) => {
  byId(end).width = data.width;
  byId(end).height = data.height;
  byId(`set_${end}`).addEventListener('click', () => {
    setEnd(end, state.code, state.label);
    byId('along').value = end === 'from' ? 0 : 1;
    changed();
  });
});
byId('along').addEventListener('input', () => moveTo(...onPath(Number(byId('along').value))));
marks.push((context) => {
  const [from, to] = ['from', 'to'].map((end) => toScreen(placeOf(ends[end].code)));
  context.strokeStyle = ink('--ink');
  context.lineWidth = 1.5 * ratio;
  context.setLineDash([4 * ratio, 4 * ratio]);
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
  context.setLineDash([]);
  ring(context, from, ink('--mark'), 5);
  ring(context, to, ink('--mark'), 5);
});
{
  const other = data.pictured.findIndex((point) => labelOf(point) !== labelOf(data.pictured[0]));
  const last = other > 0 ? other : data.pictured.length - 1;
  setEnd('from', codeOf(0), labelOf(data.pictured[0]) || 0);
  setEnd('to', codeOf(last), labelOf(data.pictured[last]) || 0);
}
