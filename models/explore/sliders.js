// A slider for each dimension of the code, those that cost the most first; the random button; the label of a
// conditional model.
const kMostSliders = 256;
const range = order.map((k) => {  // of codes of images and of p(z)
  const all = [...points, ...draws].map((z) => z[k]);
  return [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
});
const price = (k) => data.kl ? data.weights[k].toFixed(2) + ' nats' : 'variance ' + data.weights[k].toPrecision(2);
const sliders = order.slice(0, kMostSliders).map((k, i) => {
  const [low, high] = range[i], more = Math.max((high - low) * 0.1, 1e-3);
  const slider = make('input', {type: 'range', min: low - more, max: high + more, step: 'any', 'aria-label': `dimension ${k + 1}`,
    input: () => moveTo(state.code.map((v, other) => other === k ? Number(slider.value) : v))});
  const value = make('output');
  // What the prior alone would give costs nothing: such a dimension moves nothing either.
  const idle = data.kl && data.weights[k] < 0.01;
  byId('sliders').append(make('label', idle ? {class: 'idle', title: 'a dimension that the model does not use'} : {},
                              make('span', {}, `z${k + 1}`), slider, value, make('span', {class: 'small'}, price(k))));
  return {k, slider, value};
});
byId('order').textContent = data.kl ? 'by how many nats of KL divergence each costs' : 'by how much the codes vary in each';
if (Z > kMostSliders) byId('order').textContent += `; the first ${kMostSliders} of ${Z}`;
showers.push(({code}) => sliders.forEach(({k, slider, value}) => {
  slider.value = code[k];
  value.textContent = code[k].toFixed(2);
}));

let drawn = 0;
byId('random').addEventListener('click', () => {
  state.image = null;
  moveTo(draws[drawn++ % draws.length]);
});

byId('condition').hidden = data.condition === 0;
for (let label = 0; label < data.condition; ++label)
  byId('label').append(make('option', {value: label}, classes[label] || String(label)));
byId('label').addEventListener('change', () => moveTo(state.code, Number(byId('label').value)));
if (data.condition) showers.push(({label}) => { byId('label').value = label; });
