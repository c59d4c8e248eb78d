// The face of this room: what other rooms use.
export { NotebookOutputs } from './notebookOutputs.js';
export { followRenames } from './renamedViews.js';
export { SequencePreviews } from './sequencePreviews.js';
export type { SeenPair } from './sequencePreviews.js';
export { showTensors } from './tensorViewer.js';
export { readPage } from './viewPage.js';
export { previewType, rendererId, sequencesType, tensorsType, viewType } from './viewTypes.js';
export { mostCompared } from './comparison.js';
export { Panels, isEntry } from './panels.js';
export type { AppliedPair, PairWish } from './panel.js';
export { ResultTexts } from './resultTexts.js';
export type { TextForm } from './resultTexts.js';
export { reportFailure, write } from './saveFile.js';
export { saveReport } from './saveReport.js';
