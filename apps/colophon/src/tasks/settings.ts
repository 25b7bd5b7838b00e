import { integer, type Setting, url } from '@colophon/runtime'

/** The settings of what is done behind an answer. */
export const taskSettings = {
  brokerUrl: eachServer(
    url('BROKER_URL', ['amqp://', 'amqps://', 'redis://', 'rediss://', 'postgres://', 'postgresql://'], {
      default: undefined,
      shown: "the shop's database",
      secret: true,
      help: 'Where tasks wait for a worker, as Celery has it: RabbitMQ, Redis or PostgreSQL.',
    }),
  ),
  resultBackendUrl: url('RESULT_BACKEND_URL', ['redis://', 'rediss://', 'postgres://', 'postgresql://'], {
    default: undefined,
    shown: "the shop's database",
    secret: true,
    help: 'Where the results of tasks are kept: Redis or PostgreSQL.',
  }),
  taskConcurrency: integer('TASK_CONCURRENCY', {
    default: 16,
    min: 1,
    max: 1_000,
    help: 'Tasks that this process works on at once, as many payments again, and a few mails.',
  }),
}

/** RabbitMQ's servers may be several, with `;` between them: each is tried in turn. */
function eachServer(one: Setting<string | undefined>): Setting<string | undefined> {
  return {
    ...one,
    parse: (given) =>
      given
        .split(';')
        .map((server) => one.parse(server.trim()))
        .join(';'),
  }
}
