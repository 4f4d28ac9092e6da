import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { ERROR_CATALOGUE } from '../domain/error-catalogue';

const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId', 'errors', 'hint'],
  properties: {
    type: { type: 'string', description: 'Where the code is explained.' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', enum: Object.keys(ERROR_CATALOGUE) },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'code', 'message'],
        properties: { pointer: { type: 'string' }, code: { type: 'string' }, message: { type: 'string' } },
      },
    },
    hint: { type: 'string' },
  },
};

/** The document made of the routes and their classes; every operation may answer a problem. */
export function openApiDocument(app: NestExpressApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Audital')
    .setVersion('1')
    .setDescription(
      'Tamper-evident audit events of machine-learning systems. Errors are problem documents with stable codes: see /docs/errors.',
    )
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      description: 'ak_live_… or ak_test_…; a test key acts on the sandbox, which has a chain of its own.',
    })
    .setOpenAPIVersion('3.1.0')
    .build();
  const document = SwaggerModule.createDocument(app, config);
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: PROBLEM as never },
  };
  const problem = {
    description: 'A problem document.',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
  for (const path of Object.values(document.paths)) {
    for (const operation of Object.values(path as Record<string, { responses?: Record<string, unknown> }>)) {
      if (operation?.responses) operation.responses['default'] = problem;
    }
  }
  return document;
}

/** `/v1/openapi.json`, and a page at `/docs` whose every file comes from this server. */
export function serveOpenApi(app: NestExpressApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'v1/openapi.json',
    customSiteTitle: 'Audital API',
    raw: ['json'],
    swaggerOptions: { persistAuthorization: false, tryItOutEnabled: true },
  });
}
