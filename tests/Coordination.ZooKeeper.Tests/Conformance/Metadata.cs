using System.Reflection;

namespace Coordination.ZooKeeper.Tests.Conformance;

/// <summary>What the project file says about where things are.</summary>
internal static class Metadata
{
    public static string Of(string key) => typeof(Metadata).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == key).Value!;
}
