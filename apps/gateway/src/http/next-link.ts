/** RFC 8288: the address of the next page, which is the present one with another cursor. */
export function nextLink(url: string, cursor: string): string {
  const [path, query = ''] = url.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', cursor);
  return `<${path}?${parameters.toString()}>; rel="next"`;
}
