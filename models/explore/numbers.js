'use strict';
// What the program wrote into the page: what is what as JSON, and all numbers as one run of bytes.
const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId('data').textContent);
const model = JSON.parse(byId('model').textContent);
const bytes = Uint8Array.from(atob(byId('numbers').textContent), (letter) => letter.charCodeAt(0)).buffer;

// The values of the 65,536 halves (IEEE 754); none of ours is infinite.
const halves = Float32Array.from({length: 65536}, (_, bits) => {
  const exponent = bits >> 10 & 31, fraction = bits & 1023;
  const size = exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24;
  return bits >> 15 ? -size : size;
});

// The numbers of a tensor, row-major, out of the bytes from `at`.
const tensor = ({at, type, shape}) => {
  const size = shape.reduce((a, b) => a * b, 1);
  if (type === 'f32') return new Float32Array(bytes, at, size);
  if (type === 'f16') return Float32Array.from(new Uint16Array(bytes, at, size), (bits) => halves[bits]);
  const rows = shape[0], each = size / rows, scales = new Float32Array(bytes, at, rows);
  return Float32Array.from(new Int8Array(bytes, at + 4 * rows, size), (level, i) => level * scales[Math.floor(i / each)]);
};

// An element with its attributes, what it does on events (functions), and what is inside it.
const make = (name, attributes = {}, ...inside) => {
  const svg = ['svg', 'g', 'path', 'text', 'line'].includes(name);
  const made = svg ? document.createElementNS('http://www.w3.org/2000/svg', name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes))
    if (typeof value === 'function') made.addEventListener(key, value);
    else made.setAttribute(key, value);
  made.append(...inside);
  return made;
};
