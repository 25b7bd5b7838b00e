/** The settings of the shop in every shape. */
export const commonSettings = {
  SAMPLE_CATALOGUE: 'off',
  ADMIN_PASSWORD: 'correct horse battery staple',
  CLIENT_REQUESTS_PER_MINUTE: '0',
  ACCOUNT_REQUESTS_PER_MINUTE: '0',
  LOG_LEVEL: 'info',
  // Every seventh order waits ten seconds for the provider.
  TASK_CONCURRENCY: '48',
}

export interface Places {
  secretKey: string
  databaseUrl: string
  brokerUrl: string
  resultsUrl: string
  /** Where each process with the API is. */
  apiUrls: readonly string[]
  sandboxPort: number
}

/** The settings that all processes of a fleet have. */
export function fleetSettings(places: Places): Record<string, string> {
  const { secretKey, databaseUrl, brokerUrl, resultsUrl, apiUrls, sandboxPort } = places
  return {
    ...commonSettings,
    SECRET_KEY: secretKey,
    DATABASE_URL: databaseUrl,
    BROKER_URL: brokerUrl,
    RESULT_BACKEND_URL: resultsUrl,
    PAYMENTS_URL: `http://127.0.0.1:${sandboxPort}`,
    PAYMENTS_SANDBOX_PORT: String(sandboxPort),
    SANDBOX_WEBHOOK_URL: `${apiUrls[0]}/api/payments/webhook`,
  }
}
