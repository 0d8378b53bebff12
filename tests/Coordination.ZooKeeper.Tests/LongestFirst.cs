using Coordination.ZooKeeper.Tests;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace Coordination.ZooKeeper.Tests;

/// <summary>Begins with the classes that take longest, which wait most of their time: none of them is then waited for by itself at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Long =
        ["ZooKeeper ensemble", nameof(EnsembleFaultTests), nameof(Conformance.ZooKeeperOutage), nameof(Conformance.ZooKeeperNothingHangs), nameof(Conformance.ZooKeeperRenewalScales)];

    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderByDescending(static collection => Long.Any(name => collection.TestCollectionDisplayName.Contains(name, StringComparison.Ordinal)))];
}
