using Coordination.Conformance;

namespace Coordination.Redis.Tests.Conformance;

// A few suites, to show that the library and its tests work on a container as on a process; the others would show nothing new about Redis.
[Collection(ContainerConformanceFixture.OneByOne)]
public sealed class ContainerAcquisition(ContainerConformanceFixture fixture) : AcquisitionSuite(fixture), IClassFixture<ContainerConformanceFixture>;

[Collection(ContainerConformanceFixture.OneByOne)]
public sealed class ContainerExclusion(ContainerConformanceFixture fixture) : ExclusionSuite(fixture), IClassFixture<ContainerConformanceFixture>;

[Collection(ContainerConformanceFixture.OneByOne)]
public sealed class ContainerFencing(ContainerConformanceFixture fixture) : FencingSuite(fixture), IClassFixture<ContainerConformanceFixture>;

[Collection(ContainerConformanceFixture.OneByOne)]
public sealed class ContainerLoss(ContainerConformanceFixture fixture) : LossSuite(fixture), IClassFixture<ContainerConformanceFixture>;

[Collection(ContainerConformanceFixture.OneByOne)]
public sealed class ContainerOrder(ContainerConformanceFixture fixture) : OrderSuite(fixture), IClassFixture<ContainerConformanceFixture>;
