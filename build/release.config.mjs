// What only a maintainer knows. `npm run release` publishes nothing while a required field is null; the manifest of the
// package gets what is set here, and package.json itself stays as it is.
export default {
  /** The publisher's id at the VS Code Marketplace and at Open VSX, where he has to own it. Required. */
  publisher: null,
  /** Where the sources are, as https://HOST/OWNER/NAME: pictures of the README are shown from there. Required. */
  repository: null,
  /** Null: the issues of the repository. */
  bugs: null,
  /** Null: the README in the repository. */
  homepage: null,
  /** Where questions are asked: an address, or false for nowhere. Null: where the Marketplace asks them. */
  qna: null,
};
