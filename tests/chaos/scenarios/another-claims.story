Another life of the installation claims the cluster while a machine runs: we keep off until that is cleared up.

> apply vm web
  plan   web: stays at NoBackendFits: No backend fits: ganeti-1: is not ready (Synchronising).

> until vm web Ready
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  step   web: place on ganeti-1
  step   create: job INSTANCE_CREATE(cyclades-web)
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.
  event  web: Normal Scheduled: Placed on ganeti-1.
  event  web: Normal Creating: Job 2 on ganeti-1 is to create instance cyclades-web.
  ended  job INSTANCE_CREATE(cyclades-web): success
  says   web: Ready=False Creating: The instance is being created (job 2).
  says   web: Placed=True BackendChosen
  says   web: InSync=Unknown Creating
  says   web: powerState Pending
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: InSync=True InSync
  says   web: powerState Running
  event  web: Normal Running: The machine runs as declared.

> ganeti claimed by another
  plan   web: in the end Ready: The machine runs as declared.

> until backend ganeti-1 reason=ClaimedByAnother
  says   ganeti-1: Ready=False ClaimedByAnother: Installation chaos (incarnation UUID) manages the instances named cyclades-* of this cluster; nothing is changed here. If that installation is gone for good and this one recovers it, set spec.takeOverFrom: UUID. If it still runs, give this backend another instanceNamePrefix.
  event  ganeti-1: Warning ClaimedByAnother: Installation chaos (incarnation UUID) manages the instances named cyclades-* of this cluster; nothing is changed here. If that installation is gone for good and this one recovers it, set spec.takeOverFrom: UUID. If it still runs, give this backend another instanceNamePrefix.

> no more jobs
  plan   web: stays at BackendNotReady: GanetiBackend ganeti-1 is not ready: Installation chaos (incarnation UUID) manages the instances named cyclades-* of this cluster; nothing is changed here. If that installation is gone for good and this one recovers it, set spec.takeOverFrom: UUID. If it still runs, give this backend another instanceNamePrefix.

> set vm web powerState=Stopped

> until vm web reason=BackendNotReady
  says   web: Ready=False BackendNotReady: GanetiBackend ganeti-1 is not ready: Installation chaos (incarnation UUID) manages the instances named cyclades-* of this cluster; nothing is changed here. If that installation is gone for good and this one recovers it, set spec.takeOverFrom: UUID. If it still runs, give this backend another instanceNamePrefix.
  event  web: Warning BackendNotReady: GanetiBackend ganeti-1 is not ready: Installation chaos (incarnation UUID) manages the instances named cyclades-* of this cluster; nothing is changed here. If that installation is gone for good and this one recovers it, set spec.takeOverFrom: UUID. If it still runs, give this backend another instanceNamePrefix.
