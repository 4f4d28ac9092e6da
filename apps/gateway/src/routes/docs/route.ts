import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { ERROR_CATALOGUE } from '../../domain/error-catalogue';
import { Public } from '../../http/scopes.guard';
import { errorPageHtml } from './error-page';

/** What the `type` of every problem document points to. */
@ApiExcludeController()
@Public()
@Controller('docs/errors')
export class ErrorDocsRoute {
  private readonly page = errorPageHtml(ERROR_CATALOGUE);

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  handle(): string {
    return this.page;
  }
}
