/** Files that the product refuses, or reads in another way than others do: by what it says of them, with the reason. */
export const known: readonly { readonly files: RegExp; readonly answer: RegExp; readonly reason: string }[] = [
  {
    files: /\.h5$/,
    answer: /^unsupported-feature: The file is written in a form of HDF5 that Keras does not write/,
    reason: 'layouts of HDF5 from before 1.6.3 and behind libver="latest": no version of Keras has written them',
  },
  {
    files: /\.h5$/,
    answer: /^unsupported-feature: The numbers are packed in a way.* (?:the filter 32026|blosc|szip|scaleoffset)/,
    reason: 'filters that come with plugins',
  },
  {
    files: /elink\.h5$/,
    answer: /^unsupported-feature: The file leads to another file, which is never followed/,
    reason: 'a link that leaves the file',
  },
  {
    files: /(?:elink2|issue_\d+|vlstr_attr)\.h5$/,
    answer: /^unsupported-feature: The file holds no numbers/,
    reason: 'groups and attributes alone',
  },
  {
    files: /(?:indexes_2_1|oldflavor_numeric)\.h5$/,
    answer: /^unsupported-feature: Not all of the numbers were ever written/,
    reason: 'chunks that others give as zeros, and nobody has trained',
  },
  {
    files: /float\.h5$/,
    answer: /^\.float16 \[5,6\]/,
    reason: 'h5py gives up for one dataset of 16 bytes a number; the others are read',
  },
  {
    files: /time(?:-table-vlarray-1_x|s-nested-be)\.h5$/,
    answer: / unreadable$/,
    reason: 'times, which numpy has no type for',
  },
  {
    files: /h5wasm\/package\/test\/array\.h5$/,
    answer: /^\.bigendian \[3\] 19480e80$/,
    reason: 'a dataset of two names, which numpy takes for truth values',
  },
  {
    files: /h5wasm\/package\/test\/empty\.h5$/,
    answer: /^\.empty_dataset \[0\]/,
    reason: 'no numbers, in a tensor or in none',
  },
  {
    files: /\.csv$/,
    answer: /^not-a-number: (?:A number is missing|No number stands in the column|\d+ more places in the table)/,
    reason: 'cells without a number in columns of numbers: each is told with its place',
  },
  { files: /\.csv$/, answer: /^ragged-array: Fields in this row/, reason: 'rows of several lengths' },
  {
    files: /\.csv$/,
    answer: /^wrong-value: No column of the table holds numbers/,
    reason: 'comments or empty cells above the numbers',
  },
  { files: /results_arima_forecasts\.csv$/, answer: /^fc111c /, reason: 'a column without a number in its first rows' },
];
