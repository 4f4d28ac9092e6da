export { plantedSecrets, type PlantedSecret } from './planted-secrets';
export { integrationId, jobArn, observation, organisationId, sealRequest } from './builders';
export { checkLedger } from './check-ledger';
export type { CheckedLedger } from './check-ledger';
export { eventually, seeded } from './eventually';
export { startNats, tempFolder, tempLedger } from './servers';
export { eventStoreUrl, isSqliteTested, openTestLedger } from './test-ledger';
export type { TempFolder, TestLedger, TestNats } from './servers';
