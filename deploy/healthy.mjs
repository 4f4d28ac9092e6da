// The image's HEALTHCHECK: exit 0 when the service in this container says that it is ready.
const url = process.env.HEALTH_URL || `http://127.0.0.1:${process.env.HEALTH_PORT}/health/ready`;
try {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  if (!response.ok) console.error(await response.text());
  process.exitCode = response.ok ? 0 : 1;
} catch (error) {
  console.error(`${url}: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}
