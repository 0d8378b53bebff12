using Coordination.Etcd.Tests;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace Coordination.Etcd.Tests;

/// <summary>Begins with the classes that take longest, which wait most of their time: none of them is then waited for by itself at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Long =
    [
        nameof(Conformance.ClusterOutage), nameof(Conformance.ClusterNothingHangs), nameof(Conformance.ClusterLoss), nameof(ClusterFaultTests), nameof(Conformance.EtcdOutage),
        nameof(Conformance.ClusterAcquisition), nameof(Conformance.EtcdNothingHangs), nameof(ClusterPartitionTests), nameof(Conformance.ClusterRenewalScales),
        nameof(Conformance.EtcdLoss), nameof(Conformance.ClusterHandRenewed), nameof(Conformance.ClusterRelease), nameof(Conformance.EtcdRenewalScales), nameof(Conformance.ClusterCrash),
        nameof(Conformance.EtcdAcquisition), nameof(Conformance.ClusterNothingLeftBehind), nameof(Conformance.ClusterSessionContract),
    ];

    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection => [.. testCollections.OrderBy(static collection => Place(collection.TestCollectionDisplayName))];

    private static int Place(string name)
    {
        var place = Array.FindIndex(Long, type => name.Contains(type, StringComparison.Ordinal));
        return place < 0 ? Long.Length : place;
    }
}
