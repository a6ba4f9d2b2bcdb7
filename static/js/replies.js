// Who answered: our server, or a portal or proxy between it and this device, whose pages may carry any status.

/** {body} of our success, {problem} of our refusal, or {} when somebody else answered or nobody to the end.
 * @returns {Promise<{body?: any, problem?: any}>} */
export async function readReply(response) {
  const kind = (response.headers.get("Content-Type") ?? "").split(";")[0].trim();
  if (!/^application\/(problem\+)?json$/.test(kind)) return {};
  const body = await response.json().catch(() => null);
  if (response.ok) return body && kind === "application/json" ? { body } : {};
  return body?.status === response.status && typeof body.code === "string" ? { problem: body } : {};
}
