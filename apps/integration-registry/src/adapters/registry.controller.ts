import type {
  ChangeIntegration,
  CreateOrganisation,
  CreateOrganisationReply,
  DryRunReply,
  Integration,
  RegisterIntegration,
  RegisterReply,
} from '@audital/contracts';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Registry } from '../registry';

export const REGISTRY = Symbol('REGISTRY');

/** `ask.registry.<verb>`: the gateway has parsed what users sent; the registry decides. */
@Controller()
export class RegistryController {
  constructor(@Inject(REGISTRY) private readonly registry: Registry) {}

  @MessagePattern('ask.registry.create-organisation')
  createOrganisation(@Payload() request: CreateOrganisation): Promise<CreateOrganisationReply> {
    return this.registry.createOrganisation(request);
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
}
