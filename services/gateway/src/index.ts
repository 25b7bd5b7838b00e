export { type GatewayConfig, gatewaySettings, opsPortOf } from './config.ts'
export { createGateway, type Gateway, type GatewayOptions, type GatewayService } from './gateway.ts'
export type { StoreCheck } from './stores.ts'
