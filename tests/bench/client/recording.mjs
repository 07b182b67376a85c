// What the browser's own recording tells of a page: its tasks on the main thread, and its memory.

const CATEGORIES = [
  'toplevel',
  'scheduler',
  'devtools.timeline',
  'disabled-by-default-devtools.timeline',
  'v8',
  'v8.wasm',
];
/** Work for a script: it is compiled or it runs, in a module, a callback or a promise's reaction. */
const SCRIPT = new Set([
  'v8.compileModule',
  'v8.evaluateModule',
  'v8.callFunction',
  'FunctionCall',
  'RunMicrotasks',
  'BlinkScheduler_PerformMicrotaskCheckpoint',
  'TimerFire',
  'wasm.SyncCompile',
  'wasm.OnBytesReceived',
  'wasm.FinishStreaming',
  'wasm.FinishAsyncCompile',
  'wasm.AsyncInstantiate',
]);
const TASKS = ['RunTask', 'ThreadControllerImpl::RunTask'];
const MICROSECONDS = 1000;

/** @import { Browser } from 'playwright-core' */

/**
 * An event of the recording, in Chromium's trace event format: times in microseconds.
 * @typedef {{ name: string, ph: string, pid: number, tid: number, ts: number, dur: number, args: any }} TraceEvent
 */

/**
 * Records all that happens while `act` runs.
 * @param {Browser} browser
 * @param {() => Promise<unknown>} act
 * @returns {Promise<{ script: number, task: number, peakHeap: number }>} in milliseconds and bytes
 */
export async function record(browser, act) {
  const cdp = await browser.newBrowserCDPSession();
  /** @type {TraceEvent[]} */
  const events = [];
  cdp.on('Tracing.dataCollected', ({ value }) => events.push(.../** @type {any[]} */ (value)));
  const complete = new Promise((resolve) => {
    cdp.once('Tracing.tracingComplete', resolve);
  });
  await cdp.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { recordMode: 'recordAsMuchAsPossible', includedCategories: CATEGORIES },
  });
  await act();
  await cdp.send('Tracing.end');
  await complete;
  await cdp.detach();
  return { ...longestTasks(events), peakHeap: peakHeap(events) };
}

/**
 * `script`: the most time that one task of a page spent on script. `task`: the longest of the tasks that spent any,
 * with what else the browser did in it, such as the first layout.
 * @param {TraceEvent[]} events
 */
export function longestTasks(events) {
  // The browser's own windows can have pages too.
  const ofBrowser = new Set(
    events
      .filter(({ name, args }) => name === 'CommitLoad' && args.data?.url?.startsWith('chrome:'))
      .map(({ pid }) => pid),
  );
  const mainThreads = new Set(
    events
      .filter(({ name, args, pid }) => name === 'thread_name' && args.name === 'CrRendererMain' && !ofBrowser.has(pid))
      .map(thread),
  );
  const inOrder = events
    .filter(({ ph }) => ph === 'X')
    .sort((left, right) => left.ts - right.ts || right.dur - left.dur);
  const longest = { script: 0, task: 0 };
  for (const id of mainThreads) {
    const slices = inOrder.filter((event) => thread(event) === id);
    const kind = TASKS.find((name) => slices.some((slice) => slice.name === name));
    const scripts = outermost(slices.filter(({ name }) => SCRIPT.has(name)));
    for (const task of slices.filter(({ name }) => name === kind)) {
      const inside = scripts.filter(({ ts }) => ts >= task.ts && ts < task.ts + task.dur);
      const script = inside.reduce((sum, { dur }) => sum + dur, 0) / MICROSECONDS;
      longest.script = Math.max(longest.script, script);
      // A task that only hands something over to script is not one of script.
      if (script >= 1) longest.task = Math.max(longest.task, task.dur / MICROSECONDS);
    }
  }
  return longest;
}

/**
 * Those that are inside no other one.
 * @param {TraceEvent[]} slices in their order
 */
function outermost(slices) {
  let end = -Infinity;
  return slices.filter(({ ts, dur }) => {
    if (ts < end) return false;
    end = ts + dur;
    return true;
  });
}

/** @param {TraceEvent[]} events */
function peakHeap(events) {
  return Math.max(
    0,
    ...events.filter(({ name }) => name === 'UpdateCounters').map(({ args }) => args.data?.jsHeapSizeUsed ?? 0),
  );
}

/** @type {(event: TraceEvent) => string} */
const thread = ({ pid, tid }) => `${pid} ${tid}`;
