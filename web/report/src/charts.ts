// The charts: bars drawn by Chart.js, in the page's colours, which follow light, dark and paper.
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  LinearScale,
  Tooltip,
  type ChartConfiguration,
} from 'chart.js';
import {h} from '../../shared/dom';
import {clip, gpus, usd, usdShort} from '../../shared/format';

Chart.register(BarController, BarElement, CategoryScale, LinearScale, Tooltip);

export interface BarRow {
  label: string;
  values: number[]; // one for each series
}
export interface Series {
  title: string;
  colour: string;
}

type BarConfig = ChartConfiguration<'bar'> & {options: object};

const drawn = new Set<{chart: Chart<'bar'>; config: BarConfig; paint: () => void}>();

function colour(variable: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${variable}`).trim();
}

function repaint(): void {
  for (const {chart, config, paint} of drawn) {
    if (!chart.canvas?.isConnected) continue;
    paint();
    chart.options = config.options;
    chart.resize();
    chart.update();
  }
}

// Charts are painted with the colours of the theme, or of paper.
export function followTheme(): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);
  addEventListener('beforeprint', repaint);
  addEventListener('afterprint', repaint);
}

// Draws once the canvas is in the page, where its width is known.
function place(height: number, label: string, config: BarConfig, fills: () => void): HTMLElement {
  const canvas = h('canvas', {role: 'img', 'aria-label': label});
  const box = h('div', {class: 'chart'}, canvas);
  box.style.height = `${height}px`;
  const paint = () => {
    paintFrame(config);
    fills();
  };
  requestAnimationFrame(() => {
    paint();
    drawn.add({chart: new Chart<'bar'>(canvas, config), config, paint});
  });
  return box;
}

function paintFrame({options}: BarConfig): void {
  const font = {family: getComputedStyle(document.body).fontFamily, size: 12};
  for (const scale of Object.values(options.scales ?? {})) {
    if (!scale) continue;
    Object.assign(scale.ticks ?? {}, {color: colour('ink-soft'), font});
    Object.assign(scale.grid ?? {}, {color: colour('line')});
    Object.assign((scale as {title?: object}).title ?? {}, {color: colour('ink-soft'), font});
  }
  Object.assign(options.plugins?.tooltip ?? {}, {
    backgroundColor: colour('raised'),
    titleColor: colour('ink'),
    bodyColor: colour('ink'),
    borderColor: colour('line-strong'),
    borderWidth: 1,
    titleFont: {...font, weight: 600},
    bodyFont: font,
    padding: 10,
    boxPadding: 4,
  });
}

export function stackedBars(
  rows: readonly BarRow[],
  series: readonly Series[],
  label: string,
): HTMLElement {
  const short = window.innerWidth < 600;
  const config: BarConfig = {
    type: 'bar',
    data: {
      labels: rows.map((row) => clip(row.label, short ? 14 : 28)),
      datasets: series.map(({title}, index) => ({
        label: title,
        data: rows.map((row) => row.values[index] ?? 0),
        stack: 'cost',
        borderWidth: 1,
        barThickness: 18,
      })),
    },
    options: {
      indexAxis: 'y',
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      interaction: {mode: 'index', axis: 'y', intersect: false},
      scales: {
        x: {
          stacked: true,
          border: {display: false},
          grid: {},
          ticks: {maxTicksLimit: short ? 4 : 8, callback: (value) => usdShort(Number(value))},
        },
        y: {
          stacked: true,
          border: {display: false},
          grid: {display: false},
          ticks: {autoSkip: false},
        },
      },
      plugins: {
        tooltip: {
          filter: (item) => Number(item.raw) > 0,
          callbacks: {label: (item) => ` ${item.dataset.label}: ${usd(Number(item.raw))}`},
        },
      },
    },
  };
  return place(rows.length * 28 + 36, label, config, () => {
    config.data.datasets.forEach((dataset, index) => {
      dataset.backgroundColor = colour(series[index]!.colour);
      dataset.borderColor = colour('surface');
    });
  });
}

export function busyChart(values: readonly number[], labels: readonly string[]): HTMLElement {
  const total = values.reduce((sum, value) => sum + value, 0);
  const text = labels
    .map((label, i) => `${label}: ${gpus(Number(values[i]!.toFixed(1)))}`)
    .join('; ');
  const config: BarConfig = {
    type: 'bar',
    data: {
      labels: [...labels],
      datasets: [{data: [...values], categoryPercentage: 0.92, barPercentage: 1, borderRadius: 2}],
    },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      scales: {
        x: {
          border: {display: false},
          grid: {display: false},
          ticks: {},
          title: {display: true, text: 'Mean GPU activity'},
        },
        y: {
          border: {display: false},
          grid: {},
          ticks: {maxTicksLimit: 5},
          title: {display: true, text: 'GPUs'},
        },
      },
      plugins: {
        tooltip: {
          displayColors: false,
          callbacks: {
            label: (item) =>
              `${gpus(Number(Number(item.raw).toFixed(1)))} of ${gpus(Number(total.toFixed(1)))} GPUs measured`,
          },
        },
      },
    },
  };
  return place(220, `GPUs by mean activity. ${text}`, config, () => {
    config.data.datasets[0]!.backgroundColor = labels.map((_, index) =>
      colour(index < 3 ? 'idle' : 'ink-soft'),
    );
  });
}
