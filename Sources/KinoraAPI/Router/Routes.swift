import KinoraModel

/// Every path there is.
package enum Routes {
  package static let all: [Route] = native + doors
  /// Kinora's own.
  package static let native: [Route] = videos + batches + tenants + others

  /// One line a door; each is a folder under `Doors`.
  private static let doors: [Route] =
    TanStackDoor.routes
    + GatewayDoor.routes
    + OpenRouterDoor.routes
    + GoogleDoor.routes
    + ChatDoor.routes + ImagesDoor.routes
    + StorageDoor.routes
    + ToolsDoor.routes + MCPDoor.routes

  private static let videos: [Route] = [
    Route(
      "/v1/videos", .get { $0.listVideos($1) }, .post(.known, .upload) { $0.createVideo($1) }),
    Route("/v1/videos/edits", .post(.known, .upload) { $0.continueVideo(.edit, $1) }),
    Route("/v1/videos/extensions", .post(.known, .upload) { $0.continueVideo(.extend, $1) }),
    Route("/v1/videos/{id}/remix", .post(.known, .upload) { $0.continueVideo(.remix, $1) }),
    Route("/v1/videos/{id}", .get { $0.getVideo($1) }, .delete { $0.deleteVideo($1) }),
    Route("/v1/videos/{id}/content", .get { $0.videoContent($1) }),
    Route("/v1/videos/{id}/events", .get { $0.videoEvents($1) }),
    Route("/v1/videos/{id}/progress", .get { $0.videoProgress($1) }),
    Route("/v1/videos/{id}/cancel", .post { $0.cancelVideo($1) }),
    Route("/v1/videos/{id}/resolve", .post(.known, .json) { $0.resolveVideo($1) }),
    Route("/v1/videos/{id}/trace", .get { $0.videoTrace($1) }),
    Route("/v1/videos/{id}/evidence", .get { $0.videoEvidence($1) }),
    Route("/v1/videos/{id}/delivered", .post { $0.confirmDelivery($1) }),
  ]

  private static let batches: [Route] = [
    Route("/v1/batches", .post(.known, .upload) { $0.createBatch($1) }),
    Route("/v1/batches/{batch}", .get { $0.getBatch($1) }),
  ]

  private static let tenants: [Route] = [
    Route("/v1/tenants", .get { $0.listTenants($1) }),
    Route("/v1/tenants/{tenant}", .get { $0.getTenant($1) }, .put { $0.putTenant($1) }),
    Route("/v1/tenants/{tenant}/quota", .get { $0.tenantQuota($1) }),
    Route("/v1/tenants/{tenant}/quota/reset", .post(.known, .json) { $0.resetQuota($1) }),
    Route("/v1/styles", .get { $0.listStyles($1) }),
    Route("/v1/capabilities", .get { $0.capabilities($1) }),
    Route("/v1/forms/generate-video", .get { $0.videoForm($1) }),
  ]

  private static let others: [Route] = [
    Route("/v1/events", .get { $0.allEvents($1) }),
    Route("/v1/models", .get { $0.listModels($1) }),
    Route("/v1/models/{id...}", .get { $0.getModel($1) }),
    Route("/v1/quote", .post(.known, .upload) { $0.quote($1) }),
    Route("/v1/route:explain", .post(.known, .json) { $0.explainRoute($1) }),
    Route("/v1/usage", .get { $0.usage($1) }),
    Route("/v1/plugins", .get { $0.listPlugins($1) }),
    Route("/v1/providers", .get { $0.listProviders($1) }),
    Route("/v1/doctor", .get(.admin) { $0.doctor($1) }),
    Route("/v1/doctor/{provider}", .get(.admin) { $0.doctorOfProvider($1) }),
    Route("/v1/config", .get(.admin) { $0.configuration($1) }),
    Route("/v1/reload", .post(.admin) { $0.reload($1) }),
    Route("/v1/pause", .post(.admin) { $0.setPaused(true, $1) }),
    Route("/v1/resume", .post(.admin) { $0.setPaused(false, $1) }),
    Route("/", .get(.open) { $0.entrance($1) }),
    Route("/openapi.json", .get(.open) { $0.contract($1) }),
    Route("/docs", .get(.open) { $0.documentation($1) }),
    Route("/studio", .get(.open) { $0.studio($1) }),
    Route("/v1/version", .get(.open) { $0.version($1) }),
    Route("/livez", .get(.open) { $0.livez($1) }),
    Route("/readyz", .get(.open) { $0.readyz($1) }),
    Route("/metrics", .get { $0.metrics($1) }),
  ]
}
