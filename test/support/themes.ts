// The variables that VS Code hands to a webview in its four default themes, as far as this page reads them
// (values: VS Code's Dark Modern, Light Modern and high-contrast themes and its registered defaults).

export const themeNames = ['dark', 'light', 'high-contrast', 'high-contrast-light'] as const;
export type ThemeName = (typeof themeNames)[number];
export type TestTheme = { readonly bodyClass: string; readonly variables: Readonly<Record<string, string>> };

const shared = {
  'font-family': 'system-ui, "Ubuntu", "Droid Sans", sans-serif',
  'font-size': '13px',
  'font-weight': 'normal',
  'editor-font-family': '"Droid Sans Mono", monospace',
  'editor-font-size': '14px',
};

const colours: Readonly<Record<ThemeName, Readonly<Record<string, string>>>> = {
  dark: {
    foreground: '#cccccc', 'editor-background': '#1f1f1f', 'editor-foreground': '#cccccc', descriptionForeground: '#9d9d9d', focusBorder: '#0078d4', 'icon-foreground': '#cccccc',
    'panel-border': '#2b2b2b', 'widget-border': '#313131', 'widget-shadow': 'rgba(0, 0, 0, 0.36)',
    'button-background': '#0078d4', 'button-foreground': '#ffffff', 'button-hoverBackground': '#026ec1', 'button-border': 'rgba(255, 255, 255, 0.07)',
    'button-secondaryBackground': 'rgba(0, 0, 0, 0)', 'button-secondaryForeground': '#cccccc', 'button-secondaryHoverBackground': '#2b2b2b',
    'dropdown-background': '#313131', 'dropdown-foreground': '#cccccc', 'dropdown-border': '#3c3c3c', 'settings-dropdownListBorder': '#454545',
    'input-background': '#313131', 'input-foreground': '#cccccc', 'input-border': '#3c3c3c', 'input-placeholderForeground': '#989898', 'inputValidation-errorBorder': '#be1100',
    'list-hoverBackground': '#2a2d2e', 'list-activeSelectionBackground': '#04395e', 'list-activeSelectionForeground': '#ffffff', 'list-inactiveSelectionBackground': '#37373d',
    'toolbar-hoverBackground': 'rgba(90, 93, 94, 0.31)', 'progressBar-background': '#0078d4', 'textLink-foreground': '#4daafc', 'textCodeBlock-background': '#2b2b2b',
    'editorWidget-background': '#202020', 'editorWidget-border': '#454545', 'editorHoverWidget-background': '#202020', 'editorHoverWidget-foreground': '#cccccc', 'editorHoverWidget-border': '#454545',
    'editorError-foreground': '#f14c4c', 'editorWarning-foreground': '#cca700', 'badge-background': '#616161', 'badge-foreground': '#f8f8f8',
    'charts-foreground': '#cccccc', 'charts-lines': 'rgba(204, 204, 204, 0.5)', 'charts-red': '#f14c4c', 'charts-blue': '#3794ff', 'charts-yellow': '#cca700', 'charts-orange': 'rgba(234, 92, 0, 0.33)', 'charts-green': '#89d185', 'charts-purple': '#b180d7',
  },
  light: {
    foreground: '#3b3b3b', 'editor-background': '#ffffff', 'editor-foreground': '#3b3b3b', descriptionForeground: '#3b3b3b', focusBorder: '#005fb8', 'icon-foreground': '#3b3b3b',
    'panel-border': '#e5e5e5', 'widget-border': '#e5e5e5', 'widget-shadow': 'rgba(0, 0, 0, 0.16)',
    'button-background': '#005fb8', 'button-foreground': '#ffffff', 'button-hoverBackground': '#0258a8', 'button-border': 'rgba(0, 0, 0, 0.1)',
    'button-secondaryBackground': '#e5e5e5', 'button-secondaryForeground': '#3b3b3b', 'button-secondaryHoverBackground': '#cccccc',
    'dropdown-background': '#ffffff', 'dropdown-foreground': '#3b3b3b', 'dropdown-border': '#cecece', 'settings-dropdownListBorder': '#cecece',
    'input-background': '#ffffff', 'input-foreground': '#3b3b3b', 'input-border': '#cecece', 'input-placeholderForeground': '#767676', 'inputValidation-errorBorder': '#be1100',
    'list-hoverBackground': '#f2f2f2', 'list-activeSelectionBackground': '#e8e8e8', 'list-activeSelectionForeground': '#000000', 'list-inactiveSelectionBackground': '#e4e6f1',
    'toolbar-hoverBackground': 'rgba(184, 184, 184, 0.31)', 'progressBar-background': '#005fb8', 'textLink-foreground': '#005fb8', 'textCodeBlock-background': '#f8f8f8',
    'editorWidget-background': '#f8f8f8', 'editorWidget-border': '#c8c8c8', 'editorHoverWidget-background': '#f8f8f8', 'editorHoverWidget-foreground': '#3b3b3b', 'editorHoverWidget-border': '#c8c8c8',
    'editorError-foreground': '#e51400', 'editorWarning-foreground': '#bf8803', 'badge-background': '#cccccc', 'badge-foreground': '#3b3b3b',
    'charts-foreground': '#3b3b3b', 'charts-lines': 'rgba(59, 59, 59, 0.5)', 'charts-red': '#e51400', 'charts-blue': '#0063d3', 'charts-yellow': '#bf8803', 'charts-orange': 'rgba(234, 92, 0, 0.33)', 'charts-green': '#388a34', 'charts-purple': '#652d90',
  },
  'high-contrast': {
    foreground: '#ffffff', 'editor-background': '#000000', 'editor-foreground': '#ffffff', descriptionForeground: 'rgba(255, 255, 255, 0.7)', focusBorder: '#f38518', 'icon-foreground': '#ffffff',
    contrastBorder: '#6fc3df', contrastActiveBorder: '#f38518', 'panel-border': '#6fc3df', 'widget-border': '#6fc3df',
    'button-background': '#000000', 'button-foreground': '#ffffff', 'button-border': '#6fc3df', 'button-secondaryForeground': '#ffffff', 'button-secondaryBackground': '#000000',
    'dropdown-background': '#000000', 'dropdown-foreground': '#ffffff', 'dropdown-border': '#6fc3df', 'settings-dropdownListBorder': '#6fc3df',
    'input-background': '#000000', 'input-foreground': '#ffffff', 'input-border': '#6fc3df', 'input-placeholderForeground': 'rgba(255, 255, 255, 0.7)', 'inputValidation-errorBorder': '#6fc3df',
    'list-activeSelectionForeground': '#ffffff', 'progressBar-background': '#6fc3df', 'textLink-foreground': '#21a6ff',
    'editorWidget-background': '#0c141f', 'editorWidget-border': '#6fc3df', 'editorHoverWidget-background': '#0c141f', 'editorHoverWidget-foreground': '#ffffff', 'editorHoverWidget-border': '#6fc3df',
    'editorError-foreground': '#f48771', 'editorWarning-foreground': '#ffd370', 'badge-background': '#000000', 'badge-foreground': '#ffffff',
    'charts-foreground': '#ffffff', 'charts-lines': 'rgba(255, 255, 255, 0.5)', 'charts-red': '#f48771', 'charts-blue': '#3794ff', 'charts-yellow': '#ffd370', 'charts-green': '#89d185', 'charts-purple': '#b180d7',
  },
  'high-contrast-light': {
    foreground: '#292929', 'editor-background': '#ffffff', 'editor-foreground': '#292929', descriptionForeground: 'rgba(41, 41, 41, 0.7)', focusBorder: '#006bbd', 'icon-foreground': '#292929',
    contrastBorder: '#0f4a85', contrastActiveBorder: '#006bbd', 'panel-border': '#0f4a85', 'widget-border': '#0f4a85',
    'button-background': '#0f4a85', 'button-foreground': '#ffffff', 'button-border': '#0f4a85', 'button-secondaryBackground': '#ffffff', 'button-secondaryForeground': '#292929',
    'dropdown-background': '#ffffff', 'dropdown-foreground': '#292929', 'dropdown-border': '#0f4a85', 'settings-dropdownListBorder': '#0f4a85',
    'input-background': '#ffffff', 'input-foreground': '#292929', 'input-border': '#0f4a85', 'input-placeholderForeground': 'rgba(41, 41, 41, 0.7)', 'inputValidation-errorBorder': '#0f4a85',
    'list-activeSelectionForeground': '#292929', 'progressBar-background': '#0f4a85', 'textLink-foreground': '#0f4a85', 'textCodeBlock-background': '#f2f2f2',
    'editorWidget-background': '#ffffff', 'editorWidget-border': '#0f4a85', 'editorHoverWidget-background': '#ffffff', 'editorHoverWidget-foreground': '#292929', 'editorHoverWidget-border': '#0f4a85',
    'editorError-foreground': '#b5200d', 'editorWarning-foreground': '#895503', 'badge-background': '#0f4a85', 'badge-foreground': '#ffffff',
    'charts-foreground': '#292929', 'charts-lines': 'rgba(41, 41, 41, 0.5)', 'charts-red': '#b5200d', 'charts-blue': '#0063d3', 'charts-yellow': '#895503', 'charts-green': '#374e06', 'charts-purple': '#652d90',
  },
};

const classes: Readonly<Record<ThemeName, string>> = {
  dark: 'vscode-dark',
  light: 'vscode-light',
  'high-contrast': 'vscode-high-contrast',
  'high-contrast-light': 'vscode-high-contrast vscode-high-contrast-light',
};

export const themeOf = (name: ThemeName): TestTheme => ({ bodyClass: classes[name], variables: { ...shared, ...colours[name] } });
