// The run: what it is called, its curves and its protocol; then everything is shown for the first time.
document.title = `${data.title}: the latent space`;
byId('title').textContent = data.title;
byId('layers').textContent = data.layers;
byId('protocol').textContent = data.protocol;

const curves = () => {
  const [heading, ...lines] = data.metrics.trim().split('\n').map((line) => line.split(','));
  const column = (name) => lines.map((cells) => cells[heading.indexOf(name)]).map((cell) => cell ? Number(cell) : NaN);
  const pair = heading.includes('train_log_likelihood') ? ['train_log_likelihood', 'test_log_likelihood'] : ['train_elbo', 'test_elbo'];
  const epochs = column('epoch'), both = pair.map(column), all = both.flat().filter(Number.isFinite);
  if (!all.length) return [make('p', {class: 'small'}, 'no epoch is done yet')];
  const W = 460, H = 220, left = 58, bottom = 26, low = Math.min(...all), high = Math.max(...all);
  const x = (e) => left + (W - left - 12) * (epochs.length > 1 ? (e - epochs[0]) / (epochs[epochs.length - 1] - epochs[0]) : 0.5);
  const y = (v) => 10 + (H - bottom - 20) * (high > low ? (high - v) / (high - low) : 0.5);
  const svg = make('svg', {viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': `${pair.join(' and ')} over epochs`});
  for (const v of [low, (low + high) / 2, high])
    svg.append(make('line', {x1: left, x2: W - 12, y1: y(v), y2: y(v), class: 'rule'}),
               make('text', {x: left - 6, y: y(v) + 4, 'text-anchor': 'end'}, v.toFixed(1)));
  svg.append(make('text', {x: left, y: H - 6}, `epoch ${epochs[0]}`),
             make('text', {x: W - 12, y: H - 6, 'text-anchor': 'end'}, `epoch ${epochs[epochs.length - 1]}`));
  both.forEach((values, i) => svg.append(make('path', {class: i ? 'test' : 'train',
    d: values.map((v, n) => `${n ? 'L' : 'M'}${x(epochs[n]).toFixed(1)},${y(v).toFixed(1)}`).join('') + (values.length > 1 ? '' : 'h4')})));
  return [svg, make('p', {class: 'small'}, make('span', {class: 'train'}, pair[0].replaceAll('_', ' ')), ' and ',
                    make('span', {class: 'test'}, pair[1].replaceAll('_', ' ')), ', nats per image')];
};
byId('curves').append(...curves());

new ResizeObserver(() => { if (Math.round(map.clientWidth * (window.devicePixelRatio || 1)) !== map.width) drawPoints(); }).observe(map);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawPoints);
layOut();
chooseImage(0);
