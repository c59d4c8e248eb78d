// Beside the tracks: how the numbers of the chosen weight tensor and of its gradient are spread.
import { frameOf, paintFrame } from './card.js';
import { ticksBetween } from '../chart/axis.js';
import { colourMap } from '../page/colours.js';
import { formatNumber } from '../page/format.js';
import { t } from '../page/l10n.js';
import { csvName } from '../page/tablePlan.js';
import type { CardView, Sheet } from './card.js';
import type { Page } from '../chart/trackView.js';
import type { Histogram, WeightsPicture } from '../page/model.js';
import type { Side, WeightChoice } from './weightSelection.js';

export function weightHistograms(model: Page['model'], choice: WeightChoice): CardView {
  const halves = ({ width, height }: Pick<Sheet, 'width' | 'height'>, picture: WeightsPicture) =>
    (
      [
        ['values', picture.valueHistogram],
        ['gradients', picture.gradientHistogram],
      ] as const
    ).map(([side, histogram], i) => {
      const most = histogram.counts.reduce((a, b) => Math.max(a, b), 1);
      const half = (width - 8) / 2;
      const frame = frameOf(
        { width: half, height },
        { min: histogram.low, max: histogram.high },
        { min: 0, max: most * 1.05 },
        38,
      );
      return { side, histogram, most, frame, shift: i * (half + 8), half };
    });

  const told = (side: Side, histogram: Histogram, bin: number): readonly string[] => [
    side === 'values' ? choice.tensor : `d${choice.tensor}`,
    binName(histogram, bin),
    t('{0} numbers', histogram.counts[bin] ?? 0),
  ];

  return {
    id: 'weightHistograms',
    title: t('Histograms'),
    height: 128,
    help: {
      text: [
        t(
          'How the numbers of the chosen tensor, and of its gradient, are spread. Each histogram is symmetric ' +
            'about zero with its own scale, so that a shift or a heavy side shows. Gradients that pile up in the ' +
            'middle bin leave most weights untouched.',
        ),
      ],
      formula: t('count of W_{ij} in 41 equal bins between −max|W| and max|W|'),
      source: 'Glorot & Bengio 2010, “Understanding the difficulty of training deep feedforward neural networks”',
    },
    available: () => model.run !== null,
    paint(sheet) {
      const { context, theme, height } = sheet;
      const { picture, tensor } = choice;
      if (picture === null) return;
      for (const { side, histogram, most, frame, shift, half } of halves(sheet, picture)) {
        context.save();
        context.translate(shift, 0);
        paintFrame(
          { context, width: half, height, theme },
          frame,
          {
            min: histogram.low,
            max: histogram.high,
            ticks: [histogram.low, 0, histogram.high],
            label: (value) => formatNumber(value, 2),
            title: side === 'values' ? tensor : `d${tensor}`,
          },
          {
            min: 0,
            max: most,
            ticks: ticksBetween(0, most, 3, 1),
            label: shortCount,
            title: side === 'values' ? t('count') : '',
          },
        );
        const width = (frame.right - frame.left) / histogram.counts.length;
        histogram.counts.forEach((count, i) => {
          const middle = histogram.low + ((i + 0.5) / histogram.counts.length) * (histogram.high - histogram.low);
          context.fillStyle =
            Math.abs(middle) < (histogram.high - histogram.low) / (2 * histogram.counts.length)
              ? theme.muted
              : middle < 0
                ? colourMap(theme).css(-1)
                : colourMap(theme).css(1);
          context.fillRect(
            frame.left + i * width,
            frame.y(count),
            Math.max(1, width - 0.5),
            frame.bottom - frame.y(count),
          );
        });
        if (histogram.notFinite > 0) {
          context.fillStyle = colourMap(theme).css(NaN);
          context.textAlign = 'right';
          context.textBaseline = 'top';
          context.font = `10px ${theme.fontFamily}`;
          context.fillText(t('not finite: {0}', histogram.notFinite), frame.right, frame.top);
        }
        context.restore();
      }
    },
    readout(at, size) {
      const { picture } = choice;
      if (picture === null) return null;
      for (const { side, histogram, frame, shift } of halves(size, picture)) {
        const x = at.x - shift;
        if (x < frame.left || x >= frame.right || at.y < frame.top || at.y > frame.bottom) continue;
        const bin = Math.floor(((x - frame.left) / (frame.right - frame.left)) * histogram.counts.length);
        return told(side, histogram, bin);
      }
      return null;
    },
    readings: (size) =>
      choice.picture === null
        ? []
        : halves(size, choice.picture).flatMap(({ side, histogram, frame, shift }) =>
            Array.from(histogram.counts, (count, bin) => ({
              at: {
                x: shift + frame.left + ((bin + 0.5) / histogram.counts.length) * (frame.right - frame.left),
                y: frame.y(count),
              },
              lines: () => told(side, histogram, bin),
            })),
          ),
    summary() {
      const { picture, tensor } = choice;
      const notFinite = (picture?.valueHistogram.notFinite ?? 0) + (picture?.gradientHistogram.notFinite ?? 0);
      return [
        t('Values of {0} and of its gradient in {1} bins.', tensor, picture?.valueHistogram.counts.length ?? 0),
        ...(notFinite > 0 ? [t('{0} more are not finite.', notFinite)] : []),
      ].join(' ');
    },
    table() {
      const { picture, tensor } = choice;
      const bins = picture?.valueHistogram.counts.length ?? 0;
      return {
        rowHeading: { title: t('bin'), csv: 'bin' },
        columns: [tensor, `d${tensor}`].flatMap((name) => [
          { title: t('{0} from', name), csv: `${csvName(name)}_from` },
          { title: t('count'), csv: `${csvName(name)}_count` },
        ]),
        rowCount: bins,
        rows: (from, to) =>
          Promise.resolve(
            Array.from({ length: to - from }, (_, i) =>
              picture === null
                ? []
                : [picture.valueHistogram, picture.gradientHistogram].flatMap(({ low, high, counts }) => {
                    const [edge, count] = [low + ((from + i) / bins) * (high - low), counts[from + i] ?? 0];
                    return [
                      { text: formatNumber(edge), exact: String(edge) },
                      { text: String(count), exact: String(count) },
                    ];
                  }),
            ),
          ),
      };
    },
  };
}

/** Beside the axis there is room for four digits. */
const shortCount = (count: number): string =>
  count >= 1e6 ? `${count / 1e6}M` : count >= 1e4 ? `${count / 1e3}k` : String(count);

function binName({ low, high, counts }: Histogram, bin: number): string {
  const edge = (i: number): string => formatNumber(low + (i / counts.length) * (high - low), 3);
  return `${edge(bin)} … ${edge(bin + 1)}`;
}
