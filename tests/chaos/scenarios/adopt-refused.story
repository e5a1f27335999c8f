An instance of another installation is not taken over: nothing is done to it.

> no more jobs

> ganeti adds old.example.com memory=128 of=another

> apply vm web backendName=ganeti-1 adopt=old.example.com
  plan   web: stays at Synchronising: GanetiBackend ganeti-1 is not ready: The operator has said nothing of the backend yet: does it run?

> until vm web reason=InstanceNameTaken
  step   web: place on ganeti-1
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  says   web: Ready=False InstanceNameTaken: An instance named old.example.com exists in Ganeti and is not this machine's; it is not touched. Rename or remove it there, or delete this object.
  says   web: Placed=True BackendChosen
  says   web: InSync=Unknown Creating
  says   web: powerState Pending
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  event  web: Warning InstanceNameTaken: An instance named old.example.com exists in Ganeti and is not this machine's; it is not touched. Rename or remove it there, or delete this object.
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.
