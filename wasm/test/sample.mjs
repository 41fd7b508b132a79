// Shows a given report in an open page, past the validator: for tests of how a report is shown.

/** Renders the report's text with the page's own code. */
export function showReport(page, text) {
  return page.evaluate(async (report) => {
    const { render } = await import(new URL('result.js', document.baseURI));
    const place = document.getElementById('result');
    render(place, JSON.parse(report), { file: new File([], 'permits.csv'), text: report });
    place.hidden = false;
  }, text);
}
