// What `npm audit --json` says of the packages in a bill of materials. Faults of tools that only build and test are not
// the users'.

const nameOf = ({ group, name }) => (group === undefined ? name : `${group}/${name}`);

/** `asked`: the registry answered. `faults`: one line for each known fault of a bundled package. */
export function bundledFaults(bill, said) {
  const unanswered = (why) => ({ asked: false, faults: [], why });
  let told;
  try {
    told = JSON.parse(said);
  } catch {
    return unanswered('its answer is no JSON');
  }
  if (typeof told.vulnerabilities !== 'object' || told.vulnerabilities === null)
    return unanswered(told.statusCode === undefined ? 'no list of faults' : `status ${told.statusCode}`);
  const bundled = new Set(bill.components.map(nameOf));
  const faults = Object.values(told.vulnerabilities)
    .filter(({ name }) => bundled.has(name))
    .map(({ name, severity, range, via }) => {
      const titles = via.filter((one) => typeof one === 'object').map(({ title }) => title);
      return `${name} ${range} (${severity}): ${titles.join('; ') || via.join(', ')}`;
    });
  return { asked: true, faults, why: null };
}
