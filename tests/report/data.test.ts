import { createHash } from 'node:crypto';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { Results } from '../../shared/results.ts';
import { canonicalJson } from '../../shared/canonical.ts';
import { compactJson, resultsFingerprint, resultsHash, resultsText } from '../../src-main/report/json.ts';
import { toCsv } from '../../src-main/report/csv.ts';
import { resultsSchema, SCHEMA_ID } from '../../src-main/report/schema.ts';
import { makeFixture } from './fixture.ts';

const fixture = (): Results => makeFixture({ images: 12, width: 8, height: 8, failures: true, long: true }).results;

describe('the published JSON Schema', () => {
  // ajv is an independent reading of the standard; strict: an unknown keyword is an error.
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(resultsSchema());

  test('names itself and its dialect', () => {
    expect(resultsSchema()).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', $id: SCHEMA_ID, type: 'object' });
  });

  test('accepts a results.json as written', () => {
    validate(JSON.parse(resultsText(fixture())));
    expect(validate.errors).toBeNull();
  });

  test.each<[string, (results: Results) => unknown]>([
    ['a state that does not exist', (results) => Object.assign(results.findings[0]!, { state: 'fine' })],
    ['a distance that is text', (results) => Object.assign(results.threats[0]!, { median: '3' })],
    ['a missing hash', (results) => Object.assign(results.model, { sha256: undefined })],
    ['another format', (results) => Object.assign(results, { format: 1 })],
    ['half a count', (results) => Object.assign(results.threats[0]!.points[0]!, { right: 1.5 })],
  ])('refuses %s', (_, spoil) => {
    const results = fixture();
    spoil(results);
    expect(validate(JSON.parse(JSON.stringify(results)))).toBe(false);
  });
});

describe('results.json', () => {
  test('has its keys in order and reads back to the same results', () => {
    const results = fixture();
    const text = resultsText(results);
    expect(Results.parse(JSON.parse(text))).toEqual({ ...results, $schema: SCHEMA_ID });
    const keys = Object.keys(JSON.parse(text));
    expect(keys).toEqual([...keys].sort());
    expect(text.endsWith('}\n')).toBe(true);
    // The order in which an object was built leaves no trace.
    const reversed = Object.fromEntries(Object.entries(results).reverse()) as Results;
    expect(resultsText(reversed)).toBe(text);
  });

  test('canonical JSON of small values, by hand', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: 0.1 })).toBe(
      '{\n  "a": 0.1,\n  "b": [\n    1,\n    {\n      "c": "x",\n      "d": null\n    }\n  ]\n}\n',
    );
  });

  test('compact JSON says the same and keeps to its width where it can', () => {
    const plan = fixture().plan;
    const text = compactJson(plan, 60);
    expect(JSON.parse(text)).toEqual(plan);
    expect(
      text
        .split('\n')
        .filter((line) => line.length > 60)
        .every((line) => line.includes('/home/auditor') || line.includes('0.0')),
    ).toBe(true);
    expect(compactJson({ a: [1, 2] }, 60)).toBe('{ "a": [ 1, 2 ] }');
  });

  test('its hash is that of its text, and numbers that are none have no text', () => {
    const results = fixture();
    expect(createHash('sha256').update(resultsText(results)).digest('hex')).toBe(resultsHash(results));
    expect(() => resultsText({ ...results, seed: Number.NaN })).toThrow();
  });

  test('the fingerprint leaves out the times, and nothing else', () => {
    const results = fixture();
    const later = { ...results, timing: { ...results.timing, started: '2027-01-01T00:00:00.000Z', seconds: 1 } };
    expect(resultsFingerprint(later)).toBe(resultsFingerprint(results));
    expect(resultsHash(later)).not.toBe(resultsHash(results));
    expect(resultsFingerprint({ ...results, seed: results.seed + 1 })).not.toBe(resultsFingerprint(results));
  });
});

describe('results.csv', () => {
  test('has one row per image, threat model and attack, with the numbers of the results', () => {
    const results = fixture();
    const [head, ...rows] = parseCsv(toCsv(results));
    const columns = head!;
    const attacks = results.threats.reduce((sum, threat) => sum + threat.attackSummaries.length, 0);
    expect(rows).toHaveLength(results.images.length * attacks);
    for (const row of rows) expect(row).toHaveLength(columns.length);
    const records = rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i]!])));
    for (const finding of results.findings) {
      const record = records.find(
        (r) => r['id'] === finding.image && r['threat'] === String(finding.threat) && r['attack'] === finding.attack,
      )!;
      expect(record['state']).toBe(finding.state);
      expect(record['reason']).toBe(finding.reason ?? '');
      expect(record['queries']).toBe(String(finding.forwards + finding.backwards));
      expect(record['file']).toBe(finding.file ?? '');
      expect(record['new_prediction']).toBe(finding.prediction === null ? '' : String(finding.prediction));
      for (const [prefix, distances] of [
        ['float', finding.float],
        ['eightbit', finding.eightBit],
      ] as const) {
        // Full precision: the text reads back to the very same number.
        for (const norm of ['l0', 'l1', 'l2', 'linf'] as const)
          expect(record[`${prefix}_${norm}`]).toBe(distances ? String(distances[norm]) : '');
        if (distances) expect(Number(record[`${prefix}_linf_255`])).toBeCloseTo(distances.linf * 255, 9);
      }
    }
  });

  test('names the goal of each row’s own threat model', () => {
    const results = fixture();
    results.threats[1]!.goal = { kind: 'targeted', target: 'next' };
    const [head, ...rows] = parseCsv(toCsv(results));
    const [threat, norm, goal] = ['threat', 'norm', 'goal'].map((name) => head!.indexOf(name));
    for (const row of rows) {
      const own = results.threats[Number(row[threat!])]!;
      expect([row[norm!], row[goal!]]).toEqual([own.norm, own.goal.kind]);
    }
    expect(new Set(rows.map((row) => row[goal!])).size).toBe(2);
  });

  test('gives an image that was wrong already its rows as well', () => {
    const { results } = makeFixture({ images: 60, norms: ['l2'], width: 4, height: 4 });
    const wrong = results.images.filter((image) => image.outcomes[0]!.state === 'wrong-already');
    expect(wrong.length).toBeGreaterThan(0);
    const rows = parseCsv(toCsv(results)).filter((row) => row[0] === wrong[0]!.id);
    expect(rows).toHaveLength(results.threats[0]!.attackSummaries.length);
    expect(rows[0]).toContain('wrong-already');
  });

  test('no cell of text can run as a formula, and quoting survives commas, quotes and line ends', () => {
    const results = fixture();
    const evil = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', 'a "b", c\r\nd', '＝1+1', 'plain'];
    results.classNames = [...evil, 'i', 'j'];
    const cells = parseCsv(toCsv(results)).slice(1).flat();
    expect(cells).toContain("'=1+1");
    expect(cells).toContain('a "b", c\r\nd');
    expect(cells).toContain('plain');
    for (const cell of cells) if (Number.isNaN(Number(cell))) expect(cell).not.toMatch(/^[=+\-@\t\r＝＋－＠]/);
  });
});

/** RFC 4180 as its grammar says, character by character. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (let i = 0; i < text.length;) {
    let cell = '';
    if (text[i] === '"') {
      for (i++; ; i++) {
        if (text[i] !== '"') cell += text[i];
        else if (text[i + 1] === '"') cell += text[i++];
        else break;
      }
      i++;
    } else while (text[i] !== ',' && text[i] !== '\r') cell += text[i++];
    row.push(cell);
    if (text[i] === ',') i++;
    else {
      expect(text.slice(i, i + 2)).toBe('\r\n');
      i += 2;
      rows.push(row);
      row = [];
    }
  }
  return rows;
}
