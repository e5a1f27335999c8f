Kubernetes has lost everything. Without takeOverFrom, the cluster is another life's: nothing at all is done to it.

> apply vm web id=11111111-1111-4111-8111-111111111111
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

> kubernetes loses everything

> no more jobs

> catalog again

> apply vm web id=11111111-1111-4111-8111-111111111111

> until backend ganeti-1 reason=ClaimedByAnother
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  says   ganeti-1: Ready=False ClaimedByAnother: Installation chaos (incarnation UUID) manages the instances named cyclades-* of this cluster; nothing is changed here. If that installation is gone for good and this one recovers it, set spec.takeOverFrom: UUID. If it still runs, give this backend another instanceNamePrefix.
  says   web: Ready=False NoBackendFits: No backend fits: ganeti-1: is not ready (ClaimedByAnother).
  says   web: Placed=False NoBackendFits
  says   web: InSync=Unknown Creating
  says   web: powerState Pending
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  event  ganeti-1: Warning ClaimedByAnother: Installation chaos (incarnation UUID) manages the instances named cyclades-* of this cluster; nothing is changed here. If that installation is gone for good and this one recovers it, set spec.takeOverFrom: UUID. If it still runs, give this backend another instanceNamePrefix.
  event  web: Warning NoBackendFits: No backend fits: ganeti-1: is not ready (ClaimedByAnother).

> apply vm new backendName=ganeti-1
  plan   new: stays at BackendNotReady: GanetiBackend ganeti-1 is not ready: Installation chaos (incarnation UUID) manages the instances named cyclades-* of this cluster; nothing is changed here. If that installation is gone for good and this one recovers it, set spec.takeOverFrom: UUID. If it still runs, give this backend another instanceNamePrefix.
  plan   web: stays at NoBackendFits: No backend fits: ganeti-1: is not ready (ClaimedByAnother).

> until vm web reason=NoBackendFits

> until vm new reason=BackendNotReady
  step   new: place on ganeti-1
  says   new: Ready=False BackendNotReady: GanetiBackend ganeti-1 is not ready: Installation chaos (incarnation UUID) manages the instances named cyclades-* of this cluster; nothing is changed here. If that installation is gone for good and this one recovers it, set spec.takeOverFrom: UUID. If it still runs, give this backend another instanceNamePrefix.
  says   new: Placed=True BackendChosen
  says   new: InSync=Unknown Creating
  says   new: powerState Pending
  event  new: Warning BackendNotReady: GanetiBackend ganeti-1 is not ready: Installation chaos (incarnation UUID) manages the instances named cyclades-* of this cluster; nothing is changed here. If that installation is gone for good and this one recovers it, set spec.takeOverFrom: UUID. If it still runs, give this backend another instanceNamePrefix.
