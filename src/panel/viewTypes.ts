// Under which names VS Code keeps panels over a reload of the window.
export const viewType = 'rnnGradients.panel';
/** The panel that follows the editor from config to config. */
export const previewType = 'rnnGradients.preview';
/** The editor that shows what is in a file of tensors. */
export const tensorsType = 'rnnGradients.tensors';
/** The editor that shows sequences before they are run. */
export const sequencesType = 'rnnGradients.sequences';
/** What draws the outputs of notebooks. */
export const rendererId = 'rnnGradients.output';
