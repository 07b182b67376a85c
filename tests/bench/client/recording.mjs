// What the browser's own recording tells of a page: its tasks on the main thread, and its memory.

const CATEGORIES = ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline', 'v8', 'v8.wasm'];
/** A task in which one of these happened ran script, or did something for it. */
const SCRIPT = new Set([
  'EvaluateScript', 'v8.evaluateModule', 'v8.compile', 'v8.compileModule', 'v8.run', 'FunctionCall', 'RunMicrotasks', 'TimerFire',
  'EventDispatch', 'MinorGC', 'MajorGC',
]);
const MICRO = 1000;

/** Records all that happens while `act` runs. @returns `{longestTask, peakHeap}` in milliseconds and bytes */
export async function record(browser, act) {
  const cdp = await browser.newBrowserCDPSession();
  const events = [];
  cdp.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  const complete = new Promise((resolve) => { cdp.once('Tracing.tracingComplete', resolve); });
  await cdp.send('Tracing.start', {
    transferMode: 'ReportEvents', traceConfig: { recordMode: 'recordAsMuchAsPossible', includedCategories: CATEGORIES },
  });
  await act();
  await cdp.send('Tracing.end');
  await complete;
  await cdp.detach();
  return { longestTask: longestScriptTask(events), peakHeap: peakHeap(events) };
}

/** The longest task of any page's main thread in which script ran, in milliseconds. */
export function longestScriptTask(events) {
  const mainThreads = new Set(events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(thread));
  const ofPages = events.filter((event) => event.ph === 'X' && mainThreads.has(thread(event)));
  const scripts = ofPages.filter(({ name }) => SCRIPT.has(name));
  const tasks = ofPages.filter(({ name }) => /^(?:RunTask|ThreadControllerImpl::RunTask)$/.test(name)).sort((left, right) => right.dur - left.dur);
  const longest = tasks.find((task) => scripts.some((script) =>
    thread(script) === thread(task) && script.ts >= task.ts && script.ts <= task.ts + task.dur));
  return longest ? longest.dur / MICRO : 0;
}

function peakHeap(events) {
  return Math.max(0, ...events.filter(({ name }) => name === 'UpdateCounters').map(({ args }) => args.data?.jsHeapSizeUsed ?? 0));
}

const thread = ({ pid, tid }) => `${pid} ${tid}`;
