// Takes the place of the SDK's validator of forms (build/withoutForms.mjs), which would bring a whole JSON schema
// compiler along: a server needs it only when it asks its user to fill in a form, and this one never does.

/** The name is the SDK's own. */
export class AjvJsonSchemaValidator {
  getValidator(): never {
    throw new Error('This server asks for no form, so it holds no validator of forms.');
  }
}
