import {
  type Actor,
  type Organisation,
  type OrganisationEvent,
  Rejected,
  type RotateExternalId,
} from '@audital/contracts';

/**
 * One external id takes the other's place (facts/aws §7.2): START gives out the next, and both are good; FINISH retires the old one, once
 * no role needs it any more; CANCEL gives the next one up. `stillNeeding` are the integrations whose roles do not take the next one.
 */
export function decideRotation(
  organisation: Organisation,
  step: RotateExternalId['step'],
  o: { at: string; by: Actor; fresh: string; stillNeeding: readonly string[] },
): OrganisationEvent[] {
  const { at, by, fresh, stillNeeding } = o;
  const isUnderWay = organisation.nextExternalId !== null;
  switch (step) {
    case 'START':
      return isUnderWay ? [] : [{ type: 'ExternalIdRotationStarted', data: { at, by, externalId: fresh } }];
    case 'CANCEL':
      return isUnderWay ? [{ type: 'ExternalIdRotationCancelled', data: { at, by } }] : [];
    case 'FINISH':
      if (!isUnderWay) throw new Rejected('EXTERNAL_ID_ROTATION', 'No rotation is under way: start one first.');
      if (stillNeeding.length > 0)
        throw new Rejected(
          'EXTERNAL_ID_ROTATION',
          `The roles of ${stillNeeding.join(', ')} do not take the next external id yet: put both into their trust policies (GET /v1/integrations/sagemaker/setup shows it), test them, then finish.`,
        );
      return [{ type: 'ExternalIdRotationFinished', data: { at, by } }];
  }
}
