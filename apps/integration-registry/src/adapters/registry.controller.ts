import type {
  ChangeHold,
  ChangeIntegration,
  CreateApiKey,
  CreateApiKeyReply,
  CreateOrganisation,
  CreateOrganisationReply,
  DryRunReply,
  ExternalIds,
  Integration,
  RegisterIntegration,
  PayloadPolicy,
  RegisterReply,
  RevokeApiKey,
  RotateExternalId,
  SetRetention,
  ShowPolicy,
} from '@audital/contracts';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Organisations } from '../organisations';
import type { Registry } from '../registry';

export const REGISTRY = Symbol('REGISTRY');
export const ORGANISATIONS = Symbol('ORGANISATIONS');

/** `ask.registry.<verb>`: the gateway has parsed what users sent; the registry decides. */
@Controller()
export class RegistryController {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(ORGANISATIONS) private readonly organisations: Organisations,
  ) {}

  @MessagePattern('ask.registry.create-organisation')
  createOrganisation(@Payload() request: CreateOrganisation): Promise<CreateOrganisationReply> {
    return this.organisations.createOrganisation(request);
  }

  @MessagePattern('ask.registry.create-key')
  createKey(@Payload() request: CreateApiKey): Promise<CreateApiKeyReply> {
    return this.organisations.createKey(request);
  }

  @MessagePattern('ask.registry.revoke-key')
  revokeKey(@Payload() request: RevokeApiKey): Promise<null> {
    return this.organisations.revokeKey(request);
  }

  @MessagePattern('ask.registry.rotate-external-id')
  rotateExternalId(@Payload() request: RotateExternalId): Promise<ExternalIds> {
    return this.organisations.rotateExternalId(request);
  }

  @MessagePattern('ask.registry.register')
  register(@Payload() request: RegisterIntegration): Promise<RegisterReply> {
    return this.registry.register(request);
  }

  @MessagePattern('ask.registry.dry-run')
  dryRun(@Payload() request: RegisterIntegration): Promise<DryRunReply> {
    return this.registry.dryRun(request);
  }

  @MessagePattern('ask.registry.update')
  update(@Payload() request: ChangeIntegration): Promise<Integration> {
    return this.registry.change('update', request);
  }

  @MessagePattern('ask.registry.remove')
  remove(@Payload() request: ChangeIntegration): Promise<Integration> {
    return this.registry.change('remove', request);
  }

  @MessagePattern('ask.registry.pause')
  pause(@Payload() request: ChangeIntegration): Promise<Integration> {
    return this.registry.change('pause', request);
  }

  @MessagePattern('ask.registry.resume')
  resume(@Payload() request: ChangeIntegration): Promise<Integration> {
    return this.registry.change('resume', request);
  }

  @MessagePattern('ask.registry.test')
  test(@Payload() request: ChangeIntegration): Promise<Integration> {
    return this.registry.test(request);
  }

  @MessagePattern('ask.registry.set-retention')
  setRetention(@Payload() request: SetRetention): Promise<PayloadPolicy> {
    return this.organisations.setRetention(request);
  }

  @MessagePattern('ask.registry.place-hold')
  placeHold(@Payload() request: ChangeHold): Promise<PayloadPolicy> {
    return this.organisations.changeHold('place', request);
  }

  @MessagePattern('ask.registry.lift-hold')
  liftHold(@Payload() request: ChangeHold): Promise<PayloadPolicy> {
    return this.organisations.changeHold('lift', request);
  }

  @MessagePattern('ask.registry.show-policy')
  showPolicy(@Payload() request: ShowPolicy): Promise<PayloadPolicy> {
    return this.organisations.showPolicy(request);
  }
}
