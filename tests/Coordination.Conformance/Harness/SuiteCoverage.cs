using System.Reflection;

namespace Coordination.Conformance;

/// <summary>Fails when a backend's test assembly leaves a suite out.</summary>
public static class SuiteCoverage
{
    /// <summary>All suites of the specification.</summary>
    public static IReadOnlyList<Type> Suites { get; } =
    [
        .. typeof(ConformanceSuite).Assembly.GetTypes()
            .Where(type => type.IsAbstract && type.IsSubclassOf(typeof(ConformanceSuite)) && CasesOf(type).Any())
            .OrderBy(type => type.Name, StringComparer.Ordinal),
    ];

    /// <summary>
    /// Every suite must have a public sealed class in the assembly whose class fixture is this one, unless it is left out by name and reason;
    /// and every case that is declared unsupported must be one of its suite's.
    /// </summary>
    /// <param name="assembly">The backend's tests.</param>
    /// <param name="fixture">The fixture.</param>
    /// <param name="leftOut">The suites that this fixture leaves out, and why.</param>
    /// <returns>The cases that are not run, each with its reason, to be shown.</returns>
    public static IReadOnlyList<string> AssertComplete(Assembly assembly, Type fixture, IReadOnlyDictionary<Type, string>? leftOut = null)
    {
        leftOut ??= new Dictionary<Type, string>();
        var inherited = assembly.GetTypes()
            .Where(type => type is { IsAbstract: false, IsPublic: true, IsSealed: true } && type.IsSubclassOf(typeof(ConformanceSuite)))
            .Where(type => type.GetInterfaces().Contains(typeof(IClassFixture<>).MakeGenericType(fixture)))
            .ToArray();
        var missing = Suites.Where(suite => !leftOut.ContainsKey(suite) && !inherited.Any(type => type.IsSubclassOf(suite))).ToArray();
        Assert.True(missing.Length == 0, $"{fixture.Name}: no sealed class inherits {string.Join(", ", missing.Select(suite => suite.Name))}");
        var both = leftOut.Keys.Where(suite => inherited.Any(type => type.IsSubclassOf(suite))).ToArray();
        Assert.True(both.Length == 0, $"{fixture.Name}: inherited and left out: {string.Join(", ", both.Select(suite => suite.Name))}");

        var notRun = leftOut.Select(entry => $"{entry.Key.Name}: {entry.Value}").ToList();
        foreach (var type in inherited)
        {
            foreach (var unsupported in type.GetCustomAttributes<UnsupportedAttribute>())
            {
                Assert.True(
                    CasesOf(type).Any(method => method.Name == unsupported.CaseName), $"{type.Name} has no case {unsupported.CaseName}");
                Assert.False(string.IsNullOrWhiteSpace(unsupported.Reason), $"{type.Name}.{unsupported.CaseName}: no reason");
                notRun.Add($"{type.Name}.{unsupported.CaseName}: {unsupported.Reason}");
            }
        }

        return notRun;
    }

    private static IEnumerable<MethodInfo> CasesOf(Type type) => type
        .GetMethods(BindingFlags.Public | BindingFlags.Instance)
        .Where(method => method.IsDefined(typeof(CaseAttribute)) || method.IsDefined(typeof(CaseTableAttribute)));
}
