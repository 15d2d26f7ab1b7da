"""Key paths of the official Dagster Helm chart, as values.schema.json had them at commit bdb8547 of dagster-io/dagster.

`**` stands for anything below, `*` for the items of a list. Parts that our values do not touch (ingress, flower,
RabbitMQ, Redis, Celery, migration) are left out. Compare again when the chart is raised:
https://github.com/dagster-io/dagster/blob/master/helm/dagster/values.schema.json
"""

_IMAGE = ("repository", "tag", "pullPolicy")
_POD = (
    *(f"image.{name}" for name in _IMAGE),
    *(f"env.*.{name}" for name in ("name", "value", "valueFrom.**")),
    *("envConfigMaps.*.name", "envSecrets.*.name", "annotations.**", "labels.**", "nodeSelector.**", "affinity.**"),
    *("tolerations.*.**", "podSecurityContext.**", "securityContext.**", "resources.**", "schedulerName"),
    *("livenessProbe.**", "readinessProbe.**", "startupProbe.**", "volumes.*.**", "volumeMounts.*.**"),
)
_WEBSERVER = (
    *_POD,
    *("replicaCount", "nameOverride", "pathPrefix", "service.type", "service.port", "service.annotations.**"),
    *("deploymentLabels.**", "enableReadOnly", "dbStatementTimeout", "dbPoolRecycle", "logLevel"),
    "initContainerResources.**",
)
_DAEMON = (
    *_POD,
    *("enabled", "heartbeatTolerance", "deploymentLabels.**", "initContainerResources.**"),
    *("runCoordinator.enabled", "runCoordinator.type"),
    *(f"runCoordinator.config.customRunCoordinator.{name}" for name in ("module", "class", "config.**")),
    "runCoordinator.config.queuedRunCoordinator.**",
    # The schema leaves these two open; the names are those that templates/configmap-instance.yaml reads.
    *(f"runMonitoring.{name}" for name in ("enabled", "startTimeoutSeconds", "cancelTimeoutSeconds")),
    *(f"runMonitoring.{n}" for n in ("maxResumeRunAttempts", "pollIntervalSeconds", "freeSlotsAfterRunEndSeconds")),
    *("runRetries.enabled", "runRetries.maxRetries"),
    *(f"{what}.{name}" for what in ("sensors", "schedules") for name in ("useThreads", "numWorkers")),
)
_DEPLOYMENT = (
    *_POD,
    *("name", "dagsterApiGrpcArgs", "codeServerArgs", "includeConfigInLaunchedRuns.enabled", "deploymentNamespace"),
    *("port", "initContainers.*.**", "sidecarContainers.*.**"),
)
_K8S_RUN_LAUNCHER = (
    *(f"image.{name}" for name in _IMAGE),
    *("imagePullPolicy", "jobNamespace", "loadInclusterConfig", "kubeconfigFile", "envConfigMaps.*.name"),
    *("envSecrets.*.name", "envVars", "volumeMounts.*.**", "volumes.*.**", "labels.**", "failPodOnRunFailure"),
    *("resources.**", "schedulerName", "securityContext.**"),
    *(f"runK8sConfig.{name}.**" for name in ("containerConfig", "podSpecConfig", "podTemplateSpecMetadata")),
    *(f"runK8sConfig.{name}.**" for name in ("jobSpecConfig", "jobMetadata")),
)
_POSTGRESQL = (
    *(f"image.{name}" for name in _IMAGE),
    *("enabled", "postgresqlHost", "postgresqlUsername", "postgresqlPassword", "postgresqlDatabase"),
    *("postgresqlParams.**", "postgresqlScheme", "service.port"),
)
KEYS = (
    *(f"global.{name}" for name in ("postgresqlSecretName", "dagsterHome", "serviceAccountName")),
    "generatePostgresqlPasswordSecret",
    *(f"postgresql.{name}" for name in _POSTGRESQL),
    *(f"dagsterWebserver.{name}" for name in _WEBSERVER),
    *(f"dagsterDaemon.{name}" for name in _DAEMON),
    *(f"dagster-user-deployments.{name}" for name in ("enabled", "enableSubchart", "imagePullSecrets.*.name")),
    *(f"dagster-user-deployments.deployments.*.{name}" for name in _DEPLOYMENT),
    "runLauncher.type",
    *(f"runLauncher.config.k8sRunLauncher.{name}" for name in _K8S_RUN_LAUNCHER),
    "retention.enabled",
    *(f"retention.{what}.purgeAfterDays" for what in ("sensor", "schedule", "autoMaterialize")),
    "telemetry.enabled",
    "imagePullSecrets.*.name",
    "additionalInstanceConfig.**",
)
