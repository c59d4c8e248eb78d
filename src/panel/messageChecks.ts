// What the host takes from a page: one check for each message of the contract. A page is the side that could be broken.
import { byKind, either, flag, instance, integer, nothing, nullable, object, oneOf, text } from '../protocol/index.js';
import { sequenceOrders } from '../config/read/index.js';
import type {
  Checks,
  NotebookHostContract,
  OutputContent,
  PanelContract,
  SequenceChoice,
  SequenceViewContract,
  TensorViewContract,
} from '../protocol/index.js';
import {
  optionsCheck,
  previewChecks,
  sliceChecks,
  tensorChecks,
  weightPlaceFields,
  whatIfCheck,
} from '../worker/thread/index.js';

const count = integer(0);

export const panelChecks: Checks<PanelContract> = {
  requests: { ...sliceChecks, applyWhatIf: whatIfCheck, history: nothing, version: object({ runId: count }) },
  events: {
    ready: nothing,
    painted: object({ runId: count }),
    revealWeight: object({ ...weightPlaceFields, focus: flag }),
    revealProblem: object({ index: count }),
    answerOrder: object({ index: count, order: oneOf(sequenceOrders) }),
    revealConfig: nothing,
    rerun: nothing,
    saveAsConfig: nothing,
    chooseSequences: nothing,
    previewSequences: nothing,
    chooseLayer: object({ layer: count }),
    cancel: nothing,
    compareWith: nothing,
    compared: object({ config: text, act: oneOf(['rerun', 'reveal', 'remove'] as const) }),
    undo: object({ redo: flag }),
    saveFile: object({ suggestedName: text, content: either(text, instance('Uint8Array')) }),
    exportJson: nothing,
    exportReport: nothing,
    failed: object({ message: text }),
  },
};

export const tensorViewChecks: Checks<TensorViewContract> = {
  requests: tensorChecks,
  events: {
    ready: nothing,
    run: object({ network: nullable(text) }),
    copyPython: object({ lines: text }),
    failed: object({ message: text }),
  },
};

const sequenceChoice = object<SequenceChoice>({ options: optionsCheck, array: nullable(text) });
export const sequenceViewChecks: Checks<SequenceViewContract> = {
  requests: previewChecks,
  events: {
    ready: nullable(sequenceChoice),
    choose: sequenceChoice,
    run: sequenceChoice,
    otherWeights: sequenceChoice,
    saveAsConfig: sequenceChoice,
    failed: object({ message: text }),
  },
};

const content = byKind<OutputContent>({
  inside: object({ kind: oneOf(['inside'] as const), name: text, config: text, tensors: text }),
  beside: object({ kind: oneOf(['beside'] as const), file: text }),
  unknown: object({ kind: oneOf(['unknown'] as const), version: text, known: count }),
  incomplete: object({ kind: oneOf(['incomplete'] as const) }),
});
export const notebookChecks: Checks<NotebookHostContract> = {
  requests: {},
  events: {
    open: object({ output: text, content }),
    page: object({ output: text, message: text }),
    openInPanel: object({ output: text }),
    close: object({ output: text }),
  },
};
