// The one door to the component toolkit: whoever wants to swap it changes this file alone. It comes behind the first
// picture; widgets/controls.ts makes the elements, which become the toolkit's own then.
// Before the toolkit.
import { asBefore } from './uiLoad.js';
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeProgressRing,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';

asBefore();

/** Makes every element of these kinds what it is to be, also those that stand on the page already. */
export function registerControls(): void {
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodeDropdown(),
    vsCodeOption(),
    vsCodeProgressRing(),
    vsCodeTextField(),
  );
}
