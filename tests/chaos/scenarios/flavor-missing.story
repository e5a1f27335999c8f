A machine names a flavor that does not exist; it goes on when the flavor appears.

> apply vm web flavorRef.name=large
  plan   web: stays at FlavorNotFound: Flavor large does not exist: create it, and the machine goes on.

> until vm web reason=FlavorNotFound
  says   web: Ready=False FlavorNotFound: Flavor large does not exist: create it, and the machine goes on.
  says   web: Placed=False FlavorNotFound
  says   web: InSync=Unknown Creating
  says   web: powerState Pending
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  web: Warning FlavorNotFound: Flavor large does not exist: create it, and the machine goes on.
  event  ganeti-1: Normal Synchronising: The inventory is being read.

> apply flavor large vcpus=2 memory=512Mi
  plan   web: stays at NoBackendFits: No backend fits: ganeti-1: is not ready (Synchronising).

> until vm web Ready flavor=large
  step   web: place on ganeti-1
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  step   create: job INSTANCE_CREATE(cyclades-web)
  event  web: Normal Scheduled: Placed on ganeti-1.
  event  web: Normal Creating: Job 2 on ganeti-1 is to create instance cyclades-web.
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.
  ended  job INSTANCE_CREATE(cyclades-web): success
  says   web: Ready=False Creating: The instance is being created (job 2).
  says   web: Placed=True BackendChosen
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: InSync=True InSync
  says   web: powerState Running
  event  web: Normal Running: The machine runs as declared.
