// The histogram of a tensor as a shape in the colour of the text around it.
import type { TensorFacts } from '../../src/protocol/index.js';

const space = 'http://www.w3.org/2000/svg';
/** Units of the shape; how large it is says the style sheet. */
const [width, height] = [64, 16];

export function histogramShape({ counts }: TensorFacts): SVGElement {
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', 'histogram');
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  const step = width / counts.length;
  // What is there at all is seen.
  const tall = (count: number): number => (count === 0 ? 0 : Math.max(0.7, (count / most) * height));
  const bars = [...counts].map((count, i) => `V${height - tall(count)}H${(i + 1) * step}`);
  const path = document.createElementNS(space, 'path');
  path.setAttribute('d', `M0 ${height}${bars.join('')}V${height}Z`);
  svg.append(path);
  return svg;
}
