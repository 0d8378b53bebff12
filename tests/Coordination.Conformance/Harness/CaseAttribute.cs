using System.Reflection;
using System.Runtime.CompilerServices;
using Xunit.Sdk;
using Xunit.v3;

namespace Coordination.Conformance;

/// <summary>
/// A case of the specification: a fact that ends by a time-out instead of hanging, and that a backend's class can declare
/// <see cref="UnsupportedAttribute"/>: then it is not run and not counted, neither as passed nor as skipped.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer(typeof(CaseDiscoverer))]
public sealed class CaseAttribute : FactAttribute
{
    public CaseAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber) => Timeout = 90_000;
}

/// <summary>A <see cref="CaseAttribute">case</see> with rows of data.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer(typeof(CaseTableDiscoverer))]
public sealed class CaseTableAttribute : TheoryAttribute
{
    public CaseTableAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber) => Timeout = 90_000;
}

/// <summary>Declares, where a backend inherits a suite, that it cannot run a case, and why.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class UnsupportedAttribute(string caseName, string reason) : Attribute
{
    /// <summary>The case: <c>nameof(TheSuite.TheCase)</c>.</summary>
    public string CaseName => caseName;

    /// <summary>What is missing in the server or the fixture.</summary>
    public string Reason => reason;
}

public sealed class CaseDiscoverer : FactDiscoverer
{
    public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
        IsUnsupported(testMethod) ? new([]) : base.Discover(discoveryOptions, testMethod, factAttribute);

    internal static bool IsUnsupported(IXunitTestMethod testMethod) =>
        testMethod.TestClass.Class.GetCustomAttributes<UnsupportedAttribute>().Any(unsupported => unsupported.CaseName == testMethod.MethodName);
}

public sealed class CaseTableDiscoverer : TheoryDiscoverer
{
    public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
        CaseDiscoverer.IsUnsupported(testMethod) ? new([]) : base.Discover(discoveryOptions, testMethod, factAttribute);
}
